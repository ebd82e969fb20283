// What `import Gramdex` brings: the field's values, and models that answer.
@_exported public import GramdexCore
@_exported public import GramdexRescoring
@_exported public import GramdexScoring

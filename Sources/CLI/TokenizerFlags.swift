public import ArgumentParser
public import Gramdex
public import GramdexCore
public import GramdexScoring
public import GramdexStorage

/// How text becomes words.
struct TokenizerFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Where words end: whitespace (at space, tab, CR and NUL only), characters (every character is a \
      word), words (letters and digits, punctuation apart), sentencepiece (pieces of --tokenizer-model). Stored \
      in the index, applied to every query.
      """,
      valueName: "kind"
    )
  )
  var tokenizer = TokenizerOptions.Kind.whitespace

  @Option(
    help: ArgumentHelp(
      "The unigram or BPE model of --tokenizer sentencepiece; its bytes are stored in the index.",
      valueName: "file"
    )
  )
  var tokenizerModel: String?

  @Flag(help: "Lower-case the words.")
  var lowercase = false

  @Flag(help: "Drop punctuation at the ends of words, and words of nothing else.")
  var stripPunctuation = false

  @Option(
    help: ArgumentHelp(
      "Bring text to this Unicode normalization form first; without it no byte changes.",
      valueName: "form"
    )
  )
  var unicode: TokenizerOptions.UnicodeForm?

  /// The options that the flags say.
  var options: TokenizerOptions {
    TokenizerOptions(
      kind: tokenizer,
      lowercase: lowercase,
      stripPunctuation: stripPunctuation,
      unicode: unicode
    )
  }
}

extension TokenizerOptions.Kind: ExpressibleByArgument {}
extension TokenizerOptions.UnicodeForm: ExpressibleByArgument {}
extension ScoreLayout: ExpressibleByArgument {}
extension Smoothing: ExpressibleByArgument {}
extension SmoothingForm: ExpressibleByArgument {}
extension ScoreUnit: ExpressibleByArgument {}
extension DocumentErrorPolicy: ExpressibleByArgument {}
extension CorpusPart: ExpressibleByArgument {}
extension CompressedFormat: ExpressibleByArgument {}

import ArgumentParser
import Gramdex

/// The command `gramdex`, which only names its subcommands.
struct GramdexCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gramdex",
    abstract: "Builds n-gram and neural language models of any size and answers with them.",
    discussion: """
      Results go to standard output, everything else to standard error.
      Exit codes: 0 fine, 1 a check said no, 64 bad usage, 65 bad input data, 74 input/output error, \
      130 and 143 interrupted.
      """,
    version: GramdexVersion.current,
    subcommands: [
      BuildCommand.self, UpdateCommand.self, RunCommand.self, EstimateCommand.self,
      TrainCommand.self,
      CompareSoftmaxCommand.self,
      RemoveCommand.self,
      QueryCommand.self, PerplexityCommand.self, NextCommand.self, ExplainCommand.self,
      GenerateCommand.self, TuneMixtureCommand.self, CountCommand.self, DumpCountsCommand.self,
      VocabularyCommand.self, FilterTextCommand.self, PruneCommand.self, RestrictCommand.self,
      MixCommand.self, InfoCommand.self, VerifyCommand.self, ImportCommand.self, ExportCommand.self,
      RollBackCommand.self, ClusterCommand.self, ExpandClassesCommand.self,
      GradientsCommand.self, RescoreCommand.self, TuneCommand.self, EvaluateCommand.self,
    ]
  )
}

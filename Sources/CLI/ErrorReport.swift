import ArgumentParser
import Foundation
import Gramdex
import GramdexClasses
import GramdexCore
import GramdexCounting
import GramdexIndex
import GramdexNeural
import GramdexNeuralModels
import GramdexRescoring
import GramdexScoring
import GramdexSmoothing
import GramdexStorage
import GramdexStudies
import GramdexText

/// What the user sees of an error, and the exit code of the process.
enum ErrorReport {
  /// Exit codes, as in sysexits.h where there is one.
  enum Code {
    static let fine: Int32 = 0
    static let checkSaidNo: Int32 = 1
    static let usage: Int32 = 64
    static let badData: Int32 = 65
    static let inputOutput: Int32 = 74
  }

  /// Parses the command line, runs the command and ends the process.
  static func runAndExit() -> Never {
    Signals.ignoreClosedPipes()
    Signals.reportLostPages()
    do {
      var command = try GramdexCommand.parseAsRoot()
      try command.run()
      exit(Code.fine)
    } catch {
      exit(report(error))
    }
  }

  /// Writes the message of `error`; returns the exit code.
  static func report(_ error: any Error) -> Int32 {
    if case CompressionError.brokenPipe = error { return Code.fine }
    if let code = error as? ExitCode { return code.rawValue }
    if let code = code(of: error) {
      Messages.write("\(error)")
      return code
    }
    let text = GramdexCommand.fullMessage(for: error)
    guard GramdexCommand.exitCode(for: error) != .success else {
      do {
        try StandardOutput.print(text.hasSuffix("\n") ? text : text + "\n")
      } catch {
        return report(error)
      }
      return Code.fine
    }
    let prefix = "Error: "
    Messages.write(text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
    return Code.usage
  }

  /// The exit code of an error that a library threw, nil for the parser's own.
  private static func code(of error: any Error) -> Int32? {
    switch error {
    case let error as Interrupted: 128 + error.signal
    case is OptionsError, is ResumeError, is GenerationError: Code.usage
    case JobFileError.unreadable: Code.inputOutput
    case JobFileError.options: Code.usage
    case is JobFileError: Code.badData
    case TextError.noWeightedInput: Code.usage
    case let error as TextError: error.isBadData ? Code.badData : Code.inputOutput
    case let error as CompressionError: error.isBadData ? Code.badData : Code.inputOutput
    case let error as StorageError: storageCode(error)
    case let error as IndexError: indexCode(error)
    case let error as OverlayError: error.isBadData ? Code.badData : Code.usage
    case MixtureError.noKnownWords: Code.badData
    case is ModelSelectionError, is MixtureError: Code.usage
    case ScoringError.noModel, ScoringError.classModel, NGramCountsError.wrongLength: Code.usage
    case NGramCountsError.gapInAllOrders: Code.usage
    case EstimateError.noCounts, EstimateError.unknownWordsCounted, EstimateError.discountFile,
      EstimateError.emptyDevelopmentText:
      Code.badData
    case is EstimateError: Code.usage
    case let error as NeuralFileError: error.isBadData ? Code.badData : Code.usage
    case let error as NetworkInterchange.Failure: error.isBadData ? Code.badData : Code.usage
    case let error as StudyError: error.isBadData ? Code.badData : Code.usage
    case let error as NeuralModelError: error.isBadData ? Code.badData : Code.usage
    case TrainingError.alreadyRunning: Code.inputOutput
    case let error as TrainingError: error.isBadData ? Code.badData : Code.usage
    case is SafetensorsError: Code.badData
    case is NeuralError: Code.inputOutput
    case is ScoringError, is NGramCountsError: Code.badData
    case CountDumpError.damaged: Code.badData
    case is CountDumpError: Code.usage
    case let error as DerivationError: derivationCode(error)
    case let error as UpdateError: error.isUsage ? Code.usage : Code.badData
    case is CountingError, is DiscountError, is ArpaError, is ExportError: Code.badData
    case is SentencePieceError: Code.badData
    case let error as FilterError: error.isBadData ? Code.badData : Code.usage
    case ClusteringError.memory, ClusteringError.tooManyInitialClasses: Code.usage
    case is ClusteringError, is ClassFileError: Code.badData
    case PlanError.disk: Code.inputOutput
    case PlanError.memory: Code.usage
    case is ScratchFileError: Code.inputOutput
    case let error as NBestError: error.isBadData ? Code.badData : Code.usage
    case let error as LatticeError: error.isBadData ? Code.badData : Code.usage
    case let error as ListEvaluationError: error.isBadData ? Code.badData : Code.usage
    case TuningError.bounds, TuningError.folds, WeightTuningError.unknownFeature,
      WeightTuningError.scoreTwice:
      Code.usage
    case RescoringError.nameTwice, RescoringError.nothingToEstimate,
      RescoringError.cascadeWithoutWeights:
      Code.usage
    case is RescoringError, is WeightTuningError: Code.badData
    case is TuningError, is TotalRuleError, is WeightsFileError, is WordMeshError: Code.badData
    case is TableError, is LevelBlockError, is ZstdBlock.Failure: Code.badData
    default: nil
    }
  }

  private static func storageCode(_ error: StorageError) -> Int32 {
    switch error {
    case .wrongSize, .damagedStructure, .damagedPage, .damagedValue, .wrongValueVersion:
      Code.badData
    case .missing, .exists, .notAFolder, .notAFile, .permissionDenied, .diskFull, .system, .lmdb,
      .mapFull, .valueTooLarge, .badKey, .duplicateKey:
      Code.inputOutput
    }
  }

  private static func derivationCode(_ error: DerivationError) -> Int32 {
    switch error {
    case .threshold, .targetAsSRILM, .cutoffs, .noIndex, .standardInputTwice, .weights,
      .targetTooSmall, .onlyByEntropy, .classVocabulary:
      Code.usage
    case .noRawCounts, .noDistribution, .otherTokenizer, .otherClasses,
      .nothingToTune, .noClasses,
      .tooManyNGrams:
      Code.badData
    }
  }

  private static func indexCode(_ error: IndexError) -> Int32 {
    switch error {
    case .exists, .noPrevious, .neuralModel: Code.usage
    case .missing, .locked: Code.inputOutput
    case .notAnIndex, .unfinished, .damagedManifest, .damagedTokenizer, .otherVersion: Code.badData
    }
  }
}

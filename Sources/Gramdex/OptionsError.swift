import GramdexCore

/// Options that cannot work, found before any file is read.
public enum OptionsError: Error, Equatable, Sendable {
  /// No text was named.
  case noInput
  /// A network or its training cannot be as asked for.
  case training(String)
  /// No text decides when training ends.
  case noDevelopmentText
  /// The order is not one an index can hold.
  case order(Int)
  /// The memory budget is below the smallest that works.
  case memory(UInt64)
  /// The number of threads is not positive.
  case threads(Int)
  /// A job that may be resumed reads standard input, which cannot be read again.
  case resumeStandardInput
  /// A plan is asked for a text that can be read only once.
  case planStandardInput
  /// An option that is about text is given with count files.
  case notWithCounts(String)
  /// A smoothing that is estimated over stored counts is to be built without them.
  case smoothingWithoutCounts
  /// A smoothing that lmplz does not have is to be as lmplz's.
  case smoothingAsLmplz
  /// What says how often an input counts cannot be read.
  case inputWeight(String)
  /// Count files cannot be planned.
  case planCounts
  /// The name of the JSON field is empty.
  case emptyJSONField
  /// A counting vocabulary and a pruning vocabulary were both given.
  case twoVocabularies
  /// The tokenizer needs a model and none was named.
  case noTokenizerModel
  /// A model was named for a tokenizer that has none.
  case unusedTokenizerModel(TokenizerOptions.Kind)
  /// The memory budget has no room for the model of the tokenizer beside the job.
  case memoryBesideModel(UInt64, UInt64)
  /// A model that normalizes text itself was combined with another normalization.
  case tokenizerNormalizes
  /// There are more pruning thresholds than orders.
  case pruningTooLong(values: Int, order: Int)
  /// The threshold of order 1 is not 0.
  case pruningUnigrams(UInt64)
  /// A pruning threshold is smaller than that of the order below.
  case pruningDecreases(before: UInt64, after: UInt64)
  /// There are not three fallback discounts.
  case discountCount(Int)
  /// A fallback discount is outside 0 … its count; the first value is 1, 2 or 3.
  case discount(Int, Double)
  /// The vocabulary padding is larger than any vocabulary.
  case vocabularyPadding(UInt64)
  /// Padding only changes the uniform distribution, which unigrams are not interpolated with.
  case paddingWithoutInterpolation
  /// The model's name is empty, too long, or has other characters than letters, digits, `-`, `_`, `.`.
  case modelName(String)
  /// The smoothing does not exist in this form.
  case form(String, smoothing: String)
  /// What additive smoothing adds is not positive, or absurd.
  case addedCount(Double)
  /// The weight of stupid backoff is not in (0, 1].
  case backoffWeight(Double)
  /// Good–Turing cannot lower counts up to this one.
  case goodTuringMaximum(Int, largest: Int)
  /// Discounts were given for a smoothing that has none.
  case discountsUnused(smoothing: String)
  /// A number was given that only another smoothing has a use for.
  case numberUnused(String, smoothing: String, user: String)
  /// So many discounts an order are not what the smoothing takes.
  case discountNumber(Int, smoothing: String)
  /// The smoothing, in this form, has no discounts that could be tuned.
  case tuning(String)
  /// A discount is outside 0 … the count that it is taken from.
  case givenDiscount(Double, limit: Int)
  /// Two models of a job have the same name.
  case modelNameTwice(String)
  /// The log10 probability of unknown words is no log10 probability.
  case unknownProbability(Float)
  /// A class model is asked for with a vocabulary that prunes words.
  case classesWithLimit
  /// A class model is asked for as lmplz would make it.
  case classesAsLmplz
  /// The number of classes is not one that words can be put into.
  case classes(Int)
  /// The number of iterations is negative.
  case iterations(Int)
}

extension OptionsError: CustomStringConvertible {
  /// What cannot work, and what to give instead.
  public var description: String {
    switch self {
    case .noInput:
      "no text to read; name files or folders, give --files-from LIST, or - for standard input"
    case .training(let problem):
      "the network cannot be trained as asked for: \(problem)"
    case .noDevelopmentText:
      "no text decides when training ends; name one with valid"
    case .order(let order):
      """
      order \(order) is out of range; give an --order from 1 (unigrams) \
      to \(BuildOptions.maximumOrder)
      """
    case .memory(let bytes):
      """
      a memory budget of \(ByteSize.format(bytes)) is too small; give --memory \
      \(ByteSize.format(BuildOptions.minimumMemoryBytes)) or more
      """
    case .threads(let threads):
      "cannot work with \(threads) threads; give --threads 1 or more"
    case .resumeStandardInput:
      "standard input cannot be read again, so this build cannot be resumed; leave out --resume, or name files"
    case .planStandardInput:
      "standard input can be read only once, so it cannot be planned; name files"
    case .notWithCounts(let flag):
      "\(flag) is about text and has no meaning for count files; leave out \(flag) or --counts"
    case .smoothingWithoutCounts:
      """
      other smoothings than interpolated modified-kneser-ney are estimated over the counts in the index; \
      leave out --no-counts
      """
    case .smoothingAsLmplz:
      """
      lmplz has interpolated modified-kneser-ney only; leave out --lmplz-compatible, or what chooses another \
      smoothing
      """
    case .inputWeight(let text):
      """
      "\(text)" is no weight of an input; write its name, =, and a whole number from 1 to 4294967295, \
      as in --weight news.txt=3
      """
    case .planCounts:
      "--plan takes a sample of text, and count files are none; leave out --plan or --counts"
    case .emptyJSONField:
      "the name of the JSON field is empty; give --json-field text, or leave it out"
    case .twoVocabularies:
      """
      --vocabulary and --limit-vocabulary exclude each other; with --vocabulary every other word \
      is <unk> already, with --limit-vocabulary every word is counted and n-grams are pruned after
      """
    case .noTokenizerModel:
      "the tokenizer sentencepiece needs a model; give it with --tokenizer-model FILE.model"
    case .unusedTokenizerModel(let kind):
      """
      --tokenizer-model has no effect with the tokenizer \(kind.rawValue); add --tokenizer sentencepiece, \
      or leave it out
      """
    case .memoryBesideModel(let budget, let needed):
      """
      a memory budget of \(ByteSize.format(budget)) is too small for the model of the tokenizer; give --memory \
      \(ByteSize.format(needed + BuildOptions.minimumMemoryBytes)) or more
      """
    case .tokenizerNormalizes:
      """
      a SentencePiece model normalizes text by its own rules; leave out --lowercase, --strip-punctuation \
      and --unicode (models trained with nmt_nfkc_cf fold case)
      """
    case .pruningTooLong(let values, let order):
      """
      --prune has \(values) thresholds for a model of order \(order); give at most one an order \
      (the last one repeats)
      """
    case .pruningUnigrams(let threshold):
      """
      --prune cannot drop unigrams (the first threshold is \(threshold)); start the list with 0, \
      as in --prune 0,\(threshold), or choose the words with --vocabulary
      """
    case .pruningDecreases(let before, let after):
      """
      --prune goes down from \(before) to \(after), but an n-gram is kept only with its context; \
      give thresholds that never decrease, as in 0,0,1
      """
    case .discountCount(let count):
      """
      \(count) fallback discounts were given; give three, D1,D2,D3+, as in \
      --discount-fallback 0.5,1,1.5
      """
    case .discount(let number, let value):
      """
      the fallback discount D\(number) is \(value), which is outside 0…\(number); give values \
      such as --discount-fallback 0.5,1,1.5
      """
    case .vocabularyPadding(let words):
      "a vocabulary padding of \(words) words is too large; give at most 4294967296"
    case .paddingWithoutInterpolation:
      """
      --vocabulary-padding has no effect with --interpolate-unigrams false; leave out one of them
      """
    case .form(let form, let smoothing):
      "\(smoothing) has no \(form) form; leave out --form"
    case .addedCount(let value):
      "\(value) cannot be added to counts; give --added a number above 0, such as 0.1"
    case .backoffWeight(let value):
      "a weight of \(value) for each step back is out of range; give --backoff-weight 0.4, or 1 at most"
    case .goodTuringMaximum(let value, let largest):
      """
      Good-Turing cannot lower counts up to \(value); give --good-turing-maximum numbers from 0 \
      to \(largest), one an order (the last one repeats), as in 1,7
      """
    case .discountsUnused(let smoothing):
      "\(smoothing) has no discounts that could be given; leave out --discounts"
    case .numberUnused(let option, let smoothing, let user):
      "\(option) is about \(user) and changes nothing in \(smoothing); leave it out, or give --smoothing \(user)"
    case .discountNumber(let count, let smoothing):
      """
      \(count) discounts an order do not fit \(smoothing); give one, or three (D1, D2, D3+) for \
      modified-kneser-ney
      """
    case .tuning(let smoothing):
      """
      \(smoothing) as it is asked for has no discounts to tune; tune absolute, kneser-ney or \
      modified-kneser-ney, interpolated, without --discounts and --srilm-compatible
      """
    case .givenDiscount(let value, let limit):
      "a discount of \(value) is outside 0…\(limit), the count that it is taken from"
    case .modelNameTwice(let name):
      "two models would be named \(name); give one of them another name"
    case .unknownProbability(let value):
      "\(value) is no log10 probability for unknown words; give 0 or less, as in -100"
    case .classesWithLimit:
      """
      --classes and --limit-vocabulary exclude each other, as words are counted as their classes; \
      leave words out of the classes, or give --vocabulary
      """
    case .classesAsLmplz:
      "--classes and --lmplz-compatible exclude each other, as lmplz makes no class models; leave out one"
    case .classes(let classes):
      "cannot make \(classes) classes; give --classes from 1 to \(ClusteringOptions.maximumClasses)"
    case .iterations(let iterations):
      "cannot make \(iterations) iterations; give --iterations 0 or more"
    case .modelName(let name):
      """
      "\(name)" cannot name a model; use 1 to 64 letters, digits, hyphens, underscores and dots
      """
    }
  }
}

import Foundation

/// Every smoothing over raw counts, the slow way: dictionaries and loops, straight from the papers.
///
/// The referee of `gramdex estimate`. Kneser–Ney with its three discounts has a referee of its own,
/// `NaiveKneserNey`; here it is the form that backs off, and with SRILM's reading of left-out n-grams.
public struct NaiveSmoothing: Sendable {
  /// The method, with the numbers that it needs.
  public enum Method: Sendable {
    /// c / N.
    case maximumLikelihood
    /// (c + added) / (N + added · V). Source: Chen & Goodman 1998, equation 8.
    case additive(Double)
    /// c / (N + T). Source: Witten & Bell 1991, method C; Chen & Goodman 1998, equation 16.
    case wittenBell
    /// (c − D) / N, with the same D for all orders, or n1 / (n1 + 2 n2). Source: Ney, Essen & Kneser 1994.
    case absolute(Double?)
    /// Absolute discounting, lower orders count what stands before an n-gram. Source: Kneser & Ney 1995.
    case kneserNey
    /// With D1, D2, D3+. Source: Chen & Goodman 1998, equation 26.
    case modifiedKneserNey
    /// d_r · r / N for counts up to k. Source: Katz 1987.
    case goodTuring(maximum: [Int])
    /// c / N · (N (N + 1) + T (1 − T)) / (N (N + 1) + 2 T). Source: Ristad 1995, equation 9.
    case natural
    /// c / N, and 0.4 for each step back. Source: Brants et al. 2007, equation 5.
    case stupidBackoff(Double)

    var countsContexts: Bool {
      switch self {
      case .kneserNey, .modifiedKneserNey: true
      default: false
      }
    }
  }

  /// What to estimate.
  public struct Options: Sendable {
    /// The method.
    public var method: Method
    /// The order of the model.
    public var order: Int
    /// Whether the shorter estimate is added to the longer one, or stands in for it.
    public var isInterpolated = false
    /// Element k−1: n-grams of order k with at most this raw count are left out; the last value repeats.
    public var pruningThresholds: [Int] = []
    /// Whether `<unk>` is a word type that can follow.
    public var isOpen = true
    /// Whether the weight of interpolation is that of all seen n-grams, and what left-out ones had goes to unseen words.
    ///
    /// Where lower orders count contexts, the thresholds also hold for these counts. N-grams that fall to that but are
    /// contexts of others, all by raw count, are listed with what backing off gives.
    public var isSRILMCompatible = false

    /// Makes options, everything else by default.
    public init(_ method: Method, order: Int) {
      self.method = method
      self.order = order
    }
  }

  /// The probability of each n-gram that is kept.
  public private(set) var probabilities: [[String]: Double] = [:]
  /// The backoff weight of each context with a kept continuation.
  public private(set) var backoffs: [[String]: Double] = [:]

  private let options: Options
  /// Word types that can follow.
  private let vocabulary: Set<String>
  private static let epsilon = 3e-6

  /// Estimates a model from `sentences`, which hold no `<s>` and no `</s>`.
  public init(_ sentences: [[String]], options: Options) {
    self.options = options
    let raw = Self.count(sentences, order: options.order)
    var vocabulary = Set(raw[0].keys.map { $0[0] })
    if options.isOpen { vocabulary.insert("<unk>") }
    self.vocabulary = vocabulary
    var inserted: [[String]: Double] = [:]
    for k in 1...options.order {
      let counts =
        options.method.countsContexts && k < options.order
        ? Self.contexts(raw[k - 1], above: raw[k]) : raw[k - 1]
      estimate(order: k, counts, raw: raw[k - 1])
    }
    if !cutsContextCounts { return }
    // All prefixes of an n-gram that passes are contexts that pass, and the shortest cut is of bigrams.
    for k in stride(from: options.order, to: 2, by: -1) {
      for (ngram, count) in raw[k - 1] where count > threshold(ofOrder: k) {
        let context = Array(ngram.dropLast())
        inserted[context] = probability(of: context[k - 2], after: Array(context.dropLast()))
      }
    }
    probabilities.merge(inserted) { estimated, _ in estimated }
  }

  private var cutsContextCounts: Bool {
    options.isSRILMCompatible && options.method.countsContexts
  }

  private func threshold(ofOrder k: Int) -> Int {
    let thresholds = options.pruningThresholds
    return thresholds.isEmpty ? 0 : thresholds[min(k, thresholds.count) - 1]
  }

  /// How likely a model is to continue `context` with `word`.
  public func probability(of word: String, after context: [String]) -> Double {
    if let p = probabilities[context + [word]] { return p }
    if context.isEmpty { return 0 }
    return (backoffs[context] ?? 1)
      * probability(of: word, after: Array(context.dropFirst()))
  }

  /// Element k−1: how often each n-gram of order k occurs; those that begin before `<s>` do not exist.
  private static func count(_ sentences: [[String]], order: Int) -> [[[String]: Int]] {
    var counts = [[[String]: Int]](repeating: [:], count: order)
    for sentence in sentences {
      let words = ["<s>"] + sentence + ["</s>"]
      for end in 1..<words.count {
        for k in 1...order where end - k + 1 >= 0 {
          counts[k - 1][Array(words[(end - k + 1)...end]), default: 0] += 1
        }
      }
    }
    return counts
  }

  /// How many different words stand before each n-gram; n-grams that begin with `<s>` keep their count.
  private static func contexts(
    _ counts: [[String]: Int],
    above: [[String]: Int]
  ) -> [[String]: Int] {
    var found: [[String]: Int] = [:]
    for ngram in above.keys { found[Array(ngram.dropFirst()), default: 0] += 1 }
    for (ngram, count) in counts where ngram[0] == "<s>" { found[ngram] = count }
    return found
  }

  private mutating func estimate(order k: Int, _ counts: [[String]: Int], raw: [[String]: Int]) {
    let subtract = subtraction(order: k, counts)
    let threshold = threshold(ofOrder: k)
    let contexts = Dictionary(grouping: counts.keys) { Array($0.dropLast()) }
    var found: [[String]: Double] = [:]
    for (context, ngrams) in contexts {
      let kept = ngrams.filter {
        (raw[$0] ?? 0) > threshold && (!cutsContextCounts || (counts[$0] ?? 0) > threshold)
      }
      found.merge(after(context, ngrams, kept, counts, subtract)) { $1 }
    }
    probabilities.merge(found) { $1 }
    if k == 1 { shareOutUnigrams() }
  }

  /// The estimates after one context; sets its backoff.
  private mutating func after(
    _ context: [String],
    _ ngrams: [[String]],
    _ kept: [[String]],
    _ counts: [[String]: Int],
    _ subtract: (Int) -> Double
  ) -> [[String]: Double] {
    var total = Double(ngrams.reduce(0) { $0 + (counts[$1] ?? 0) })
    let types = Double(ngrams.count)
    let shorter = Array(context.dropFirst())
    func lower(_ ngram: [String]) -> Double {
      let word = ngram[ngram.count - 1]
      return context.isEmpty
        ? 1 / Double(vocabulary.count) : probability(of: word, after: shorter)
    }
    var interpolates = options.isInterpolated
    while true {
      let scale = scale(total, types)
      func direct(_ ngram: [String]) -> Double {
        let count = counts[ngram] ?? 0
        return (Double(count) - subtract(count)) * scale / total
      }
      let seen = (options.isSRILMCompatible ? ngrams : kept).map(direct).reduce(0, +)
      let weight = interpolates ? 1 - seen : 0
      var found: [[String]: Double] = [:]
      for ngram in kept { found[ngram] = direct(ngram) + weight * lower(ngram) }
      let sum = found.values.reduce(0, +)
      if isRepaired, types < Double(vocabulary.count), sum > 1 - Self.epsilon {
        if interpolates { interpolates = false } else { total += 1 }
        continue
      }
      if context.isEmpty { return found }
      let open = 1 - kept.map(lower).reduce(0, +)
      switch options.method {
      case .maximumLikelihood: backoffs[context] = kept.isEmpty ? nil : 0
      case .stupidBackoff(let factor): backoffs[context] = kept.isEmpty ? nil : factor
      default:
        if kept.isEmpty { return [:] }
        if options.isInterpolated && !options.isSRILMCompatible {
          backoffs[context] = weight
          return found
        }
        if open > Self.epsilon {
          backoffs[context] = max(1 - sum, 0) / open
        } else {
          backoffs[context] = 0
          if 1 - sum > Self.epsilon { for ngram in kept { found[ngram, default: 0] /= sum } }
        }
      }
      return found
    }
  }

  /// Whether contexts that leave nothing are repaired.
  private var isRepaired: Bool {
    switch options.method {
    case .maximumLikelihood, .stupidBackoff: false
    default: !options.isInterpolated || options.isSRILMCompatible
    }
  }

  /// What seen words left goes to those that were not seen, or to all.
  private mutating func shareOutUnigrams() {
    switch options.method {
    case .stupidBackoff, .maximumLikelihood:
      if options.isOpen { probabilities[["<unk>"], default: 0] += 0 }
      return
    default: break
    }
    let seen = Set(probabilities.keys.filter { $0.count == 1 }.map { $0[0] })
    let left = 1 - seen.reduce(0) { $0 + (probabilities[[$1]] ?? 0) }
    let unseen = vocabulary.subtracting(seen)
    for word in unseen.isEmpty ? vocabulary : unseen {
      probabilities[[word], default: 0] +=
        left / Double((unseen.isEmpty ? vocabulary : unseen).count)
    }
  }

  private func scale(_ n: Double, _ t: Double) -> Double {
    let v = Double(vocabulary.count)
    switch options.method {
    case .wittenBell: return n / (n + t)
    case .additive(let added): return n / (n + added * v)
    case .natural: return t == v ? 1 : (n * (n + 1) + t * (1 - t)) / (n * (n + 1) + 2 * t)
    default: return 1
    }
  }

  /// What is taken from a count.
  private func subtraction(order: Int, _ counts: [[String]: Int]) -> (Int) -> Double {
    func number(_ count: Int) -> Double { Double(counts.values.count { $0 == count }) }
    switch options.method {
    case .maximumLikelihood, .wittenBell, .natural, .stupidBackoff: return { _ in 0 }
    case .additive(let added): return { _ in -added }
    case .absolute(let given?): return { _ in given }
    case .absolute(nil), .kneserNey:
      let (n1, n2) = (number(1), number(2))
      let discount = n1 == 0 || n2 == 0 ? 0.5 : n1 / (n1 + 2 * n2)
      return { _ in discount }
    case .modifiedKneserNey:
      let n = (1...4).map { Int(number($0)) }
      let values = NaiveKneserNey.closedFormDiscounts(n) ?? [0.5, 1, 1.5]
      return { values[min($0, 3) - 1] }
    case .goodTuring(let maxima):
      return goodTuring(maximum: maxima[min(order, maxima.count) - 1], number)
    }
  }

  private func goodTuring(
    maximum: Int,
    _ number: (Int) -> Double
  ) -> (Int) -> Double {
    var k = maximum
    while k > 0 && number(k + 1) == 0 { k -= 1 }
    if k == 0 || number(1) == 0 { return { _ in 0 } }
    let common = Double(k + 1) * number(k + 1) / number(1)
    let coefficients = (1...k).map { r in
      let ratio = Double(r + 1) * number(r + 1) / (Double(r) * number(r))
      let coefficient = (ratio - common) / (1 - common)
      return ratio <= 1 && coefficient.isFinite && coefficient > Self.epsilon ? coefficient : 1
    }
    return { $0 <= k ? Double($0) * (1 - coefficients[$0 - 1]) : 0 }
  }
}

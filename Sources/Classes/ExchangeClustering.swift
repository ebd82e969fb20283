import Foundation
package import GramdexCore
import GramdexStorage

/// Puts words into classes so that a bigram model of the classes predicts the text best: exchange clustering.
///
/// Each word in turn, the most frequent first, is taken out of its class and put into the class where the likelihood of
/// the text is greatest under p(w | v) = p(class of w | class of v) · p(w | class of w). A word stays where no other
/// class is better; of equally good ones the first is taken. Rounds go on until no word moves. As every move raises
/// a criterion of whole numbers (see `EntropyTerms`), they end, and the result depends on nothing but the bigrams.
/// `<unk>`, `<s>` and `</s>` have classes of their own; words that never occur have none.
///
/// A word costs O(classes · classes of its neighbors) additions, a move O(classes of its neighbors).
/// Source: Kneser & Ney 1993; Martin, Liermann & Ney 1998, "Algorithms for bigram and trigram word clustering",
/// section 3. The criterion is that of Brown et al. 1992, the average mutual information of adjacent classes.
package struct ExchangeClustering: ~Copyable, Sendable {
  /// How many classes words may be in; 0 ..< classCount.
  package let classCount: Int
  private let bigrams: BigramTable
  private let terms: EntropyTerms
  private let counts: ClassCounts
  /// The class of each word.
  private let classes: RecordBuffer<UInt32>
  /// The words that occur, most frequent first.
  private let order: RecordBuffer<UInt32>
  private let gains: RecordBuffer<Int64>
  private var before: NeighborClasses
  private var after: NeighborClasses
  /// Σ N(g, h) log2 N(g, h) − Σ N(g) log2 N(g) of both positions, in `unitsPerBit`; never decreases.
  package private(set) var criterion: Int64

  /// The class of words that never occur.
  private static let none = UInt32.max

  /// Anonymous memory of a clustering, its bigrams included.
  package static func memoryBytes(wordCount: Int, bigrams: Int, classCount: Int) -> Int {
    let size = classCount + Int(WordID.reservedCount)
    return BigramTable.memoryBytes(wordCount: wordCount, bigrams: bigrams) + 16 * wordCount
      + ClassCounts.memoryBytes(size: size) + 2 * NeighborClasses.memoryBytes(size: size)
      + 8 * classCount + EntropyTerms.memoryBytes
  }

  /// Begins with the classes that `initial` gives, or else with neighbors in frequency in the same class.
  ///
  /// Without `initial`, words in descending frequency are cut into classes of equal shares of the text, which ended better than
  /// the usual starts with most words in one class, or dealt out in turn (docs/decisions/017).
  package init(
    _ bigrams: consuming BigramTable,
    classCount: Int,
    initial: ((UInt32) -> Int)? = nil
  ) {
    precondition(classCount > 0)
    let reserved = Int(WordID.reservedCount)
    let size = classCount + reserved
    let wordCount = bigrams.wordCount
    let classes = RecordBuffer(repeating: Self.none, count: wordCount)
    for id in 0..<min(reserved, wordCount) { classes[id] = UInt32(classCount + id) }
    let order = Self.byFrequency(bigrams)
    let total = (0..<order.count).reduce(0) { $0 + bigrams.predecessors.total(of: Int(order[$1])) }
    var tokens: Int64 = 0
    for rank in 0..<order.count {
      let word = order[rank]
      let number = initial.map { $0(word) } ?? Int(Int64(classCount) * tokens / total)
      precondition(number >= 0 && number < classCount)
      classes[Int(word)] = UInt32(number)
      tokens += bigrams.predecessors.total(of: Int(word))
    }
    let counts = ClassCounts(size: size)
    for word in 0..<wordCount {
      for place in bigrams.successors.starts[word]..<bigrams.successors.starts[word + 1] {
        let next = Int(bigrams.successors.words[place])
        counts.add(
          Int64(bigrams.successors.counts[place]),
          first: Int(classes[word]),
          second: Int(classes[next])
        )
      }
    }
    let terms = EntropyTerms(total: bigrams.tokens)
    criterion = counts.criterion(terms)
    gains = RecordBuffer(uninitialized: classCount)
    before = NeighborClasses(size: size)
    after = NeighborClasses(size: size)
    self.classCount = classCount
    self.bigrams = bigrams
    self.terms = terms
    self.counts = counts
    self.classes = classes
    self.order = order
  }

  /// The words that occur, by descending count, then by id.
  private static func byFrequency(_ bigrams: borrowing BigramTable) -> RecordBuffer<UInt32> {
    var words: [(count: Int64, id: UInt32)] = []
    for id in Int(WordID.reservedCount)..<max(bigrams.wordCount, Int(WordID.reservedCount)) {
      let count = bigrams.predecessors.total(of: id)
      if count > 0 { words.append((count, UInt32(id))) }
    }
    words.sort { $0.count != $1.count ? $0.count > $1.count : $0.id < $1.id }
    let order = RecordBuffer<UInt32>(uninitialized: words.count)
    for (rank, word) in words.enumerated() { order[rank] = word.id }
    return order
  }

  /// How many words have classes.
  package var wordCount: Int { order.count }

  /// How many different bigrams the classes follow from.
  package var bigramCount: Int { bigrams.count }

  /// How many bigrams the text has.
  package var tokens: Int64 { bigrams.tokens }

  /// The words of all classes with how often they occur, most frequent first.
  package func forEachWord(
    _ body: (_ word: UInt32, _ classNumber: Int, _ count: UInt64) throws -> Void
  ) rethrows {
    for rank in 0..<order.count {
      let word = Int(order[rank])
      try body(order[rank], Int(classes[word]), UInt64(bigrams.predecessors.total(of: word)))
    }
  }

  /// Gives each word in turn the best class.
  ///
  /// - Parameters:
  ///   - cancellation: stops the round when it is set.
  ///   - report: is told how many words have been looked at.
  /// - Returns: how many words moved.
  /// - Throws: `Interrupted` between two words; the classes are complete then, too.
  package mutating func runRound(
    cancellation: Cancellation,
    report: (UInt64) -> Void = { _ in }
  ) throws(Interrupted) -> Int {
    var moves = 0
    for rank in 0..<order.count {
      if rank % 256 == 0 {
        try cancellation.check()
        report(UInt64(rank))
      }
      if exchange(Int(order[rank])) { moves += 1 }
    }
    return moves
  }

  /// Puts `word` into the best class; returns whether that is another one.
  private mutating func exchange(_ word: Int) -> Bool {
    let own = after.gather(word, in: bigrams.successors, classes: classes)
    _ = before.gather(word, in: bigrams.predecessors, classes: classes)
    let current = Int(classes[word])
    move(own, current, sign: -1)
    computeGains(own)
    var best = current
    for number in 0..<classCount where gains[number] > gains[best] { best = number }
    criterion += gains[best] - gains[current]
    move(own, best, sign: 1)
    classes[word] = UInt32(best)
    return best != current
  }

  /// Adds the gathered word to a class, or takes it out; the classes of its neighbors keep their own counts.
  private func move(_ own: Int64, _ number: Int, sign: Int64) {
    for index in 0..<after.count {
      let neighbor = after.classNumber(index)
      counts.addPair(sign * after.count(of: neighbor), first: number, second: neighbor)
    }
    for index in 0..<before.count {
      let neighbor = before.classNumber(index)
      counts.addPair(sign * before.count(of: neighbor), first: neighbor, second: number)
    }
    counts.addPair(sign * own, first: number, second: number)
    counts.first[number] += sign * after.total
    counts.second[number] += sign * before.total
  }

  /// Computes what the criterion gains when the gathered word, which is in no class, comes into each class.
  ///
  /// gain(k) = Σ Δf(N(k, c)) + Σ Δf(N(c, k)) over the classes c of the neighbors, c ≠ k,
  /// + Δf(N(k, k)) − Δf(N(k, ·)) − Δf(N(·, k)), where Δf(n) is f of the new count less f of the old one.
  private func computeGains(_ own: Int64) {
    for number in 0..<classCount {
      let (first, second) = (counts.first[number], counts.second[number])
      gains[number] =
        terms[first] - terms[first + after.total] + terms[second] - terms[second + before.total]
    }
    for index in 0..<after.count {
      let neighbor = after.classNumber(index)
      terms.addGains(
        of: counts.columns,
        at: neighbor * counts.size,
        growingBy: after.count(of: neighbor),
        to: gains,
        classes: classCount
      )
    }
    for index in 0..<before.count {
      let neighbor = before.classNumber(index)
      terms.addGains(
        of: counts.rows,
        at: neighbor * counts.size,
        growingBy: before.count(of: neighbor),
        to: gains,
        classes: classCount
      )
    }
    // Where a class is its own neighbor, both sides and the word itself grow the same count.
    for number in 0..<classCount {
      let (following, preceding) = (after.count(of: number), before.count(of: number))
      if following == 0 && preceding == 0 && own == 0 { continue }
      let together = counts.rows[number * counts.size + number]
      gains[number] +=
        terms[together + following + preceding + own] - terms[together + following]
        - terms[together + preceding] + terms[together]
    }
  }

  /// What the classes say of the text.
  package var measures: ClusteringMeasures {
    let tokens = Double(bigrams.tokens)
    let perToken = Double(criterion) / terms.unitsPerBit / tokens
    // Σ N(w) log2 N(w) does not depend on the classes.
    var words = 0.0
    for word in 0..<bigrams.wordCount {
      let count = Double(bigrams.predecessors.total(of: word))
      if count > 0 { words += count * log2(count) }
    }
    return ClusteringMeasures(
      averageMutualInformation: perToken + log2(tokens),
      perplexity: exp2(-(perToken + words / tokens))
    )
  }
}

/// How well classes fit the text that they were found from.
package struct ClusteringMeasures: Sendable, Equatable {
  /// The average mutual information of adjacent classes, in bits.
  package var averageMutualInformation: Double
  /// The perplexity of the text, `</s>` included, under the unsmoothed bigram model of the classes.
  package var perplexity: Double
}

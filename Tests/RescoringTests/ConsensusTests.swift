import Foundation
import GramdexCore
import GramdexRescoring
import TestSupport
import Testing

@Suite("Minimum Bayes risk and word meshes")
struct ConsensusTests {
  private static func randomList(_ random: inout SplitMix64, maximum: Int = 12)
    -> (texts: [String], totals: [Double])
  {
    let texts = (0..<(1 + random.next(below: maximum))).map { _ in
      (0..<random.next(below: 6)).map { _ in "w\(random.next(below: 4))" }.joined(separator: " ")
    }
    return (texts, texts.map { _ in 6 * random.nextUnit() })
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `the choice has the least expected errors of all`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let (texts, totals) = Self.randomList(&random)
      let weighted = WeightedTexts(texts: texts, totals: totals, scale: 0.7)
      let choice = MinimumBayesRisk.choice(weighted)
      let risks = weighted.entries.map { entry in
        weighted.entries.reduce(0) {
          $0 + $1.probability * Double(NaiveEvaluation.distance(entry.words, $1.words))
        }
      }
      let least = risks.min() ?? 0
      #expect(abs(choice.expectedErrors - least) < 1e-12, "seed \(seed): \(texts)")
      let place = weighted.entries.firstIndex { $0.hypothesis == choice.hypothesis }
      #expect(place == risks.firstIndex { $0 < least + 1e-12 }, "seed \(seed): \(texts)")
    }
  }

  @Test
  func `equal texts have their probabilities together`() {
    let weighted = WeightedTexts(
      texts: ["a", "b", "a", "c"],
      totals: [log(2), log(3), log(4), log(1)],
      scale: 1
    )
    #expect(weighted.entries.map(\.hypothesis) == [0, 1, 3])
    for (entry, expected) in zip(weighted.entries, [0.6, 0.3, 0.1]) {
      #expect(abs(entry.probability - expected) < 1e-12)
    }
  }

  @Test
  func `long lists are cut to the likeliest texts`() {
    let texts = (0..<10_000).map { "word\($0)" }
    let even = WeightedTexts(texts: texts, totals: texts.map { _ in 0 }, scale: 1)
    #expect(even.entries.map(\.hypothesis) == Array(0..<WeightedTexts.maximumCount))
    let steep = WeightedTexts(texts: texts, totals: texts.indices.map { -Double($0) }, scale: 1)
    // 1 − e⁻ⁿ is 0.999 from n = 7 on.
    #expect(steep.entries.count == 7)
    #expect(abs(steep.entries.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
    let long = (0..<300).map { text in
      (0..<5_000).map { "w\(($0 * (text + 1)) % 97)" }.joined(separator: " ")
    }
    let kept = WeightedTexts(texts: long, totals: long.map { _ in 0 }, scale: 1).entries.count
    #expect(kept == 22)
  }

  @Test
  func `the mesh of SRILM's sample`() throws {
    // nbest-lattice -use-mesh with its weights (8, 0) and scale 8 gave "a" 0.8399794100688268 and none 0.1600205899311731. It holds scores as 32-bit
    // floats: 1792.12 is off by up to 6e-5, an eighth of which times ln 10 and p (1 - p) is 2e-6 in p for each of the two.
    let totals = [-1792.12 / 8 - 16.0727, -1792.08 / 8 - 16.7978]
    let weighted = WeightedTexts(texts: ["a b a", "a b"], totals: totals, scale: log(10))
    var builder = WordMeshBuilder()
    builder.add(weighted)
    let mesh = builder.mesh(name: "sample", numbers: weighted.numbers)
    #expect(mesh.places.map { $0.map(\.word) } == [["a"], ["b"], ["a", nil]])
    #expect(abs(mesh.places[2][0].probability - 0.8399794100688268) < 5e-6)
    #expect(abs(mesh.places[2][1].probability - 0.1600205899311731) < 5e-6)
    #expect(mesh.consensus == "a b a")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `each place has all probability, and each text can be read through the mesh`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<100 {
      let (texts, totals) = Self.randomList(&random)
      let weighted = WeightedTexts(texts: texts, totals: totals, scale: 1)
      var builder = WordMeshBuilder()
      builder.add(weighted)
      let mesh = builder.mesh(name: "u", numbers: weighted.numbers)
      #expect(abs(mesh.mass - 1) < 1e-12)
      for place in mesh.places {
        #expect(abs(place.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
        #expect(zip(place, place.dropFirst()).allSatisfy { $0.probability >= $1.probability })
      }
      for entry in weighted.entries {
        let words = entry.words.map { weighted.numbers.words[Int($0)] }
        #expect(Self.isPath(words[...], mesh.places[...]), "seed \(seed): \(words)")
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a mesh made block by block is the same`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 0..<40 {
      let texts = (0..<8).map { _ in
        (0..<random.next(below: 25)).map { _ in "w\(random.next(below: 5))" }.joined(separator: " ")
      }
      let weighted = WeightedTexts(
        texts: texts,
        totals: texts.map { _ in 3 * random.nextUnit() },
        scale: 1
      )
      var whole = WordMeshBuilder()
      whole.add(weighted)
      var blocks = WordMeshBuilder(maximumCells: 0)
      blocks.add(weighted)
      let expected = whole.mesh(name: "u", numbers: weighted.numbers)
      #expect(
        blocks.mesh(name: "u", numbers: weighted.numbers) == expected,
        "seed \(seed): \(texts)"
      )
    }
  }

  /// Whether words can be read off the places in order, with none at the places between.
  private static func isPath(_ words: ArraySlice<String>, _ places: ArraySlice<[WordMesh.Entry]>)
    -> Bool
  {
    guard let place = places.first else { return words.isEmpty }
    let rest = places.dropFirst()
    if let word = words.first, place.contains(where: { $0.word == word }),
      isPath(words.dropFirst(), rest)
    {
      return true
    }
    return place.contains { $0.word == nil } && isPath(words, rest)
  }

  @Test
  func `of equally likely words the first is taken, and a word rather than none`() {
    let mesh = WordMesh(
      name: "u",
      places: [
        [.init(word: "a", probability: 0.5), .init(word: "b", probability: 0.5)],
        [.init(word: nil, probability: 0.5), .init(word: "c", probability: 0.5)],
        [.init(word: nil, probability: 0.6), .init(word: "d", probability: 0.4)],
      ],
      mass: 1
    )
    #expect(mesh.consensus == "a c")
  }

  @Test
  func `a mesh is written and read`() throws {
    let folder = try TemporaryFolder()
    let weighted = WeightedTexts(
      texts: ["a b a", "a b", "", "é b"],
      totals: [1, 0.5, 0, 0.25],
      scale: 1
    )
    var builder = WordMeshBuilder()
    builder.add(weighted)
    let mesh = builder.mesh(name: "u 1", numbers: weighted.numbers)
    try mesh.write(to: folder.path("u1"))
    #expect(try WordMesh(contentsOf: folder.path("u1")) == mesh)
  }

  @Test
  func `SRILM's own file is read`() throws {
    let mesh = try WordMesh(
      text: """
        name sample
        numaligns 3
        posterior 0.9999999999999999
        align 0 a 0.9999999999999999
        reference 0 a
        align 1 b 0.9999999999999999
        align 2 a 0.8399794100688268 *DELETE* 0.1600205899311731

        """,
      file: "sample"
    )
    #expect(mesh.places.count == 3)
    #expect(mesh.places[2][1] == .init(word: nil, probability: 0.1600205899311731))
  }

  @Test(arguments: [
    ("name u\nposterior 1\n", "f:2: the line numaligns is missing"),
    ("name u\nnumaligns x\n", "f:2: \"x\" is not the number"),
    ("name u\nnumaligns 1\nposterior 1\n", "f:3: numaligns says 1 places, there are 0"),
    ("numaligns 1\nalign 0 a\n", "f:2: a line must be"),
    ("numaligns 1\nalign 1 a 1\n", "f:2: place 1 comes where place 0 should"),
    ("numaligns 1\nalign 0 a nan\n", "f:2: \"nan\""),
    ("numaligns 1\nfoo\n", "f:2: no line of a word mesh begins with foo"),
  ])
  func `a bad mesh is refused with its line`(text: String, message: String) {
    let error = #expect(throws: WordMeshError.self) { try WordMesh(text: text, file: "f") }
    #expect(error.map { "\($0)" }?.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test
  func `a word that means none is not written`() throws {
    let folder = try TemporaryFolder()
    let mesh = WordMesh(
      name: "u",
      places: [[.init(word: "*DELETE*", probability: 1)]],
      mass: 1
    )
    #expect(throws: WordMeshError.self) { try mesh.write(to: folder.path("u")) }
  }
}

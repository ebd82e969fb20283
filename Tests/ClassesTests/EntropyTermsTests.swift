import Foundation
import GramdexStorage
import TestSupport
import Testing

@testable import GramdexClasses

@Suite("Entropy terms")
struct EntropyTermsTests {
  @Test func `are x log2 x, whether tabulated or not`() {
    let terms = EntropyTerms(total: 20_000_000)
    #expect(terms.unitsPerBit == 1_048_576)
    #expect(terms[0] == 0 && terms[1] == 0 && terms[2] == 2 << 20)
    for count: Int64 in [3, 1000, (1 << 18) - 1, 1 << 18, 1 << 20, 19_999_999] {
      let bits = Double(count) * log2(Double(count))
      #expect(abs(Double(terms[count]) / 1_048_576 - bits) < 1e-6 + bits * 1e-15)
    }
  }

  @Test func `of a trillion words do not overflow`() {
    let terms = EntropyTerms(total: 1 << 40)
    #expect(terms[1 << 40] == Int64(40 * terms.unitsPerBit) << 40)
    #expect(terms[1 << 40] < 1 << 60)
    #expect(terms.unitsPerBit >= 1)
  }

  @Test func `gains are differences of terms`() {
    let terms = EntropyTerms(total: 1_000_000)
    let cells = RecordBuffer<Int64>(uninitialized: 6)
    let gains = RecordBuffer<Int64>(repeating: 7, count: 3)
    for (index, cell) in [9, 9, 0, 5, 300_000, 9].enumerated() { cells[index] = Int64(cell) }
    terms.addGains(of: cells, at: 2, growingBy: 11, to: gains, classes: 3)
    #expect(gains[0] == 7 + terms[11])
    #expect(gains[1] == 7 + terms[16] - terms[5])
    #expect(gains[2] == 7 + terms[300_011] - terms[300_000])
  }
}

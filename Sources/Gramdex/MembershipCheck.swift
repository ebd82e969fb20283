import Foundation
import GramdexIndex

/// The part of a verification that looks at which words stand for classes.
struct MembershipCheck {
  let memberships: WordMemberships
  /// The file of the words, for messages.
  let path: String

  /// How far the shares of a class may be from 1 together: single precision logarithms.
  private static let tolerance = 1e-4

  /// Checks that every word is in a class, and that the shares of every class sum to 1; adds what is wrong to `report`.
  func run(_ report: inout VerificationReport) {
    var sums: [UInt32: Double] = [:]
    for id in 0..<memberships.memberCount {
      let member = memberships.resolve(UInt32(memberships.firstMember + id))
      sums[member.id, default: 0] += pow(10, Double(member.log10Probability))
    }
    let classes = Set(memberships.classes)
    let strangers = Set(sums.keys).subtracting(classes)
    if !strangers.isEmpty {
      report.problems.append("\(path): \(strangers.count) words have members and are no classes")
    }
    for number in memberships.classes {
      let sum = sums[number] ?? 0
      if !(abs(sum - 1) < Self.tolerance) {
        report.problems.append("\(path): the shares of the words of class \(number) sum to \(sum)")
      }
    }
  }
}

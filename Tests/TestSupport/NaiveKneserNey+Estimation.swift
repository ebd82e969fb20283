import Foundation

extension NaiveKneserNey {
  /// The kept n-grams of every order with their log10 probabilities and backoffs.
  static func estimate(
    adjusted: [Counts],
    kept: [Set<[String]>],
    discounts: [[Double]],
    uniformSize: Int,
    interpolateUnigrams: Bool
  ) -> [[[String]: Entry]] {
    let order = adjusted.count
    // gammas[d][h] = γ(h) of the contexts h of d words; probabilities[k − 1][g] = p(g) of order k.
    var gammas: [[[String]: Double]] = []
    var probabilities: [[[String]: Double]] = []

    for order in 1...order {
      let counts = adjusted[order - 1]
      let discounts = [0] + discounts[order - 1]
      let keptNGrams = kept[order - 1]
      var denominators: [[String]: Int] = [:]
      var masses: [[String]: Double] = [:]
      for (ngram, count) in counts {
        let context = Array(ngram.dropLast())
        denominators[context, default: 0] += count
        masses[context, default: 0] +=
          keptNGrams.contains(ngram) ? discounts[min(count, 3)] : Double(count)
      }
      var gamma: [[String]: Double] = [:]
      for (context, mass) in masses {
        gamma[context] = mass / Double(denominators[context, default: 0])
      }

      var probability: [[String]: Double] = [:]
      for ngram in keptNGrams {
        let context = Array(ngram.dropLast())
        let count = counts[ngram, default: 0]
        let own =
          (Double(count) - discounts[min(count, 3)]) / Double(denominators[context, default: 0])
        let weight = gamma[context, default: .nan]
        if order > 1 {
          probability[ngram] =
            own + weight * probabilities[order - 2][Array(ngram.dropFirst()), default: .nan]
        } else if ngram == ["<s>"] {
          probability[ngram] = 1
        } else if interpolateUnigrams {
          probability[ngram] = own + weight / Double(uniformSize)
        } else {
          probability[ngram] = ngram == ["<unk>"] ? own + weight : own
        }
      }
      gammas.append(gamma)
      probabilities.append(probability)
    }

    return (1...order).map { order in
      probabilities[order - 1].reduce(into: [:]) { entries, element in
        let backoff = order < gammas.count ? gammas[order][element.key] ?? 1 : 1
        entries[element.key] = Entry(
          log10Probability: element.value > 0 ? min(0, log10(element.value)) : -99,
          log10Backoff: backoff > 0 ? log10(backoff) : -99
        )
      }
    }
  }
}

/// The valid name that somebody most likely meant.
enum NearestName {
  /// The name in `names` with the fewest edits from `name`, or nil when none is within half its length.
  static func find(_ name: String, in names: [String]) -> String? {
    let limit = max(1, name.count / 2)
    let best = names.map { (name: $0, distance: distance(name, $0)) }
      .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
    guard let best, best.distance <= limit else { return nil }
    return best.name
  }

  /// Insertions, deletions, replacements and swaps of neighbors that turn one word into the other.
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.lowercased())
    let right = Array(right.lowercased())
    var rows = [Array(0...right.count)]
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        let replaced = rows[i][j] + (left[i] == right[j] ? 0 : 1)
        var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
        if i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[left.count][right.count]
  }
}

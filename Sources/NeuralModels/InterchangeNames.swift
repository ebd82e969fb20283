package import GramdexNeural

/// The names that parameters have in the state of a PyTorch module: see docs/INTERCHANGE.md.
package enum InterchangeNames {
  /// The tensors of a PyTorch module whose sum is the parameter of this name here; empty when PyTorch has none.
  ///
  /// - Parameters:
  ///   - name: a name of docs/decisions/018, such as `recurrent.0.bias`.
  ///   - isGRU: whether recurrent layers are gated recurrent units, whose two biases are two parameters here as well;
  ///     others have one here where PyTorch has two that are only ever added.
  /// - Returns: their names.
  package static func pyTorch(_ name: String, isGRU: Bool) -> [String] {
    let parts = name.split(separator: ".").map(String.init)
    switch (parts.first, parts.count) {
    case ("embedding", 2), ("hidden", 2), ("output", 2):
      return [name]
    case ("recurrent", 3):
      let layer = parts[1]
      switch parts[2] {
      case "input": return ["recurrent.weight_ih_l\(layer)"]
      case "recurrent": return ["recurrent.weight_hh_l\(layer)"]
      case "bias" where isGRU: return ["recurrent.bias_ih_l\(layer)"]
      case "bias": return ["recurrent.bias_ih_l\(layer)", "recurrent.bias_hh_l\(layer)"]
      case "recurrent_bias": return ["recurrent.bias_hh_l\(layer)"]
      default: return []
      }
    case ("head", 2):
      return ["output." + name]
    case ("tail", 3):
      switch parts[2] {
      case "projection": return ["output.tail.\(parts[1]).0.weight"]
      case "weight": return ["output.tail.\(parts[1]).1.weight"]
      default: return []
      }
    default:
      return []
    }
  }

  /// The same name as PyTorch's example of word language models has it; nil when it has no other.
  static func example(_ name: String) -> String? {
    for (ours, theirs) in [
      ("embedding.", "encoder."), ("recurrent.", "rnn."), ("output.", "decoder."),
    ] {
      if name.hasPrefix(ours) { return theirs + name.dropFirst(ours.count) }
    }
    return nil
  }

  /// The shape of a parameter in files: biases, tables of features and of classes are vectors, whatever matrix keeps them.
  package static func shape(of parameter: Parameter) -> [Int] {
    shape(parameter.name, [parameter.values.rows, parameter.values.columns])
  }

  /// The shape in files of the parameter of this name, that is kept in this one.
  static func shape(_ name: String, _ kept: [Int]) -> [Int] {
    let isVector = name.hasSuffix("bias") || name.hasPrefix("ngrams.") || name == "classes.of"
    if isVector { return [kept.reduce(1, *)] }
    // A matrix of one row is kept as a vector in an index.
    return kept.count == 1 ? [1] + kept : kept
  }

  /// The tensors of a file whose sum is this parameter, under whatever names; those that are missing are an error.
  static func entries(
    of parameter: Parameter,
    in file: borrowing SafetensorsFile,
    isGRU: Bool
  ) throws(SafetensorsError) -> [SafetensorsEntry] {
    let shape = shape(of: parameter)
    if file.entry(parameter.name) == nil {
      let theirs = pyTorch(parameter.name, isGRU: isGRU)
      for names in [theirs, theirs.compactMap(example)] where !names.isEmpty {
        guard file.entry(names[0]) != nil else { continue }
        var entries: [SafetensorsEntry] = []
        for name in names { entries.append(try file.entry(name, shape: shape)) }
        return entries
      }
    }
    return [try file.entry(parameter.name, shape: shape)]
  }
}

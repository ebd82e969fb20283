import Testing

@Suite struct NeuralPlaceholderTests {}

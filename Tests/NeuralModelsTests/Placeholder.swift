import Testing

@Suite struct NeuralModelsPlaceholderTests {}

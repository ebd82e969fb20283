import ArgumentParser

/// What becomes of the index when a model is added to it.
struct StoredModelFlags: ParsableArguments {
  @Flag(help: "Replace the model of that name if there is one.")
  var replace = false

  @Flag(help: "Keep the generation that is replaced, for roll-back.")
  var keepPrevious = false
}

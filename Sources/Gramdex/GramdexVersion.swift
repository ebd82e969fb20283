/// The version of this library and of the command `gramdex`.
public enum GramdexVersion {
  /// The version, as in `CHANGELOG.md`.
  public static let current = "0.1.0"
}

/// Room for numbers in a temporary file that has no name, read and written at any place.
///
/// The pages are the file's, not anonymous memory: the kernel keeps what fits. 4 bytes a number; the space returns with
/// the last user. One thread writes; what it wrote may be read by any.
@safe
package final class MappedNumbers: @unchecked Sendable {
  // @unchecked: the region lives as long as this; who writes is the user's promise, as for any array.
  private let region: ScratchRegion
  /// How many numbers there is room for.
  package let count: Int
  /// Bytes of the file.
  package let fileBytes: Int64

  /// Makes room for `count` numbers in `folder`, which must exist.
  ///
  /// - Throws: `ScratchFileError` when the disk has no room.
  package init(count: Int, folder: String) throws(ScratchFileError) {
    let file = try ScratchFile(folder: folder)
    region = try file.allocate(bytes: max(count, 1) * 4)
    self.count = count
    fileBytes = file.byteCount
  }

  /// The number at a place, which must be there.
  package subscript(place: Int) -> UInt32 {
    @inline(__always) get {
      precondition(place >= 0 && place < count)
      // SAFETY: the region has `count` numbers.
      return unsafe region.pointer.load(fromByteOffset: 4 * place, as: UInt32.self)
    }
    @inline(__always) set {
      precondition(place >= 0 && place < count)
      // SAFETY: the region has `count` numbers.
      unsafe region.pointer.storeBytes(of: newValue, toByteOffset: 4 * place, as: UInt32.self)
    }
  }
}

import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Elements that end where the process may not read any more: who reads or writes beyond them dies.
///
/// So an array of odd length is also not aligned. What lies before the elements is looked at when they are asked for.
@safe final class GuardedArray<Element: BitwiseCopyable> {
  private let mapping: UnsafeMutableRawPointer
  private let mappedBytes: Int
  private let bytes: Int
  let count: Int
  let pointer: UnsafeMutablePointer<Element>

  private static var mark: UInt8 { 0xA5 }

  init(_ elements: [Element]) {
    count = elements.count
    bytes = elements.count * MemoryLayout<Element>.stride
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let usable = (bytes / page + 1) * page
    mappedBytes = usable + page
    let mapped = unsafe mmap(
      nil,
      mappedBytes,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANON,
      -1,
      0
    )
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      preconditionFailure("no memory for a test")
    }
    // SAFETY: `usable` bytes are mapped for reading and writing, and the page behind them belongs to the mapping.
    unsafe mapping = mapped
    unsafe memset(mapped, Int32(Self.mark), usable - bytes)
    let start = unsafe mapped + (usable - bytes)
    unsafe pointer = start.bindMemory(to: Element.self, capacity: elements.count)
    for (index, element) in elements.enumerated() {
      unsafe (pointer + index).initialize(to: element)
    }
    precondition(unsafe mprotect(mapped + usable, page, PROT_NONE) == 0)
  }

  convenience init(count: Int, of element: Element) {
    self.init(Array(repeating: element, count: count))
  }

  deinit { unsafe munmap(mapping, mappedBytes) }

  var elements: [Element] {
    // SAFETY: at least one byte lies before the elements, since `usable` is more than their bytes.
    let start = UnsafeMutableRawPointer(unsafe pointer)
    let before = unsafe min(64, start - mapping)
    for distance in 1...before {
      let byte = unsafe (start - distance).load(as: UInt8.self)
      #expect(byte == Self.mark, "written \(distance) bytes before the elements")
    }
    return unsafe Array(UnsafeBufferPointer(start: pointer, count: count))
  }
}

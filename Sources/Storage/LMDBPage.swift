/// The layout of LMDB's pages (data version 1, 64-bit), as far as Gramdex looks at them itself.
///
/// Page header, 16 bytes: u64 page number, u16 zero, u16 flags, then u16 lower and u16 upper end of the
/// free space, or, for the first page of an overflow value, u32 number of pages.
///
/// Meta page (pages 0 and 1), after the header: u32 magic, u32 version, u64 address, u64 map size, two
/// records of 48 bytes (free pages, main database), u64 last page in use, u64 transaction number.
/// The first u32 of the free-page record is the size of a page.
///
/// Record of a database, 48 bytes: u32 unused, u16 flags, u16 depth, u64 branch pages, u64 leaf pages,
/// u64 overflow pages, u64 entries, u64 root page.
///
/// Branch and leaf pages: after the header one u16 offset per node, in key order. Node: u16 low and u16 high
/// half of the data size (branch: of the child's page number), u16 flags (branch: bits 32–47 of that number),
/// u16 key bytes, key, data. The data of an overflow value is the u64 number of its first page.
enum LMDBPage {
  static let headerBytes = 16
  static let nodeBytes = 8
  static let recordBytes = 48

  static let magic: UInt32 = 0xBEEF_C0DE
  static let dataVersion: UInt32 = 1

  static let branchFlag: UInt16 = 0x01
  static let leafFlag: UInt16 = 0x02
  static let overflowFlag: UInt16 = 0x04
  static let metaFlag: UInt16 = 0x08

  /// The flag of a leaf node whose data is on pages of its own.
  static let bigDataFlag: UInt16 = 0x01
  /// The flag of a leaf node whose data is the record of a named database.
  static let databaseFlag: UInt16 = 0x02

  static let mapSizeOffset: UInt64 = 32
  static let mainRecordOffset = 16 + 24 + 48
  static let freeRecordOffset = 16 + 24
  static let lastPageOffset = 16 + 24 + 96
  static let transactionOffset = 16 + 24 + 104

  /// The root of an empty database.
  static let noPage = UInt64.max
  /// LMDB's limit on the depth of a tree.
  static let maximumDepth = 32
}

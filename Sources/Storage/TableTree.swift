/// The trees of a table file: where its values are.
///
/// A look-up reads the pages on its way only, so that it costs the same in a file of any size, and checks each of
/// them: whatever the file holds, it ends, reads inside the file, and names a place inside it. `structure()`
/// walks all pages. `LMDBPage` has the layout. Source: docs/decisions/009.
struct TableTree: Sendable {
  /// Where a value is: whole pages, an LMDB header first.
  struct Place: Hashable, Sendable {
    /// The first page.
    var page: UInt64
    /// How many pages there are.
    var pages: UInt64
    /// Bytes of the value, after the header.
    var bytes: UInt64
  }

  /// The record of a database.
  private struct Root: Sendable {
    var depth: Int
    var entries: UInt64
    var page: UInt64
  }

  private let file: MappedFile
  private let path: String
  private let layout: TableFileLayout
  private let pageCount: UInt64
  private let databases: [TableDatabase]
  private var main = Root(depth: 0, entries: 0, page: LMDBPage.noPage)
  private var roots: [TableDatabase: Root] = [:]

  /// Finds the roots; throws unless both meta pages are LMDB's, with the size of page that the manifest says (the newer one with that of the file),
  /// and the main database has a database of the plain kind for each of `databases`.
  init(
    _ file: MappedFile,
    path: String,
    layout: TableFileLayout,
    databases: [TableDatabase]
  ) throws(StorageError) {
    guard let pageCount = layout.pageCount, file.count == Int(layout.bytes) else {
      throw .damagedStructure(path: path, reason: "the manifest states another size of it")
    }
    self.file = file
    self.path = path
    self.layout = layout
    self.pageCount = pageCount
    self.databases = databases
    main = try mainRoot()
    for database in databases {
      guard
        let (page, node) = try find(Array(database.rawValue.utf8), from: main),
        node.flags == LMDBPage.databaseFlag, node.dataBytes == UInt64(LMDBPage.recordBytes)
      else { throw .damagedStructure(path: path, reason: "it lacks a database") }
      roots[database] = try root(in: page, at: node.dataOffset)
    }
  }

  /// Where the value of `key` is; nil when there is none.
  func place(_ database: TableDatabase, key: [UInt8]) throws(StorageError) -> Place? {
    guard let root = roots[database], let (page, node) = try find(key, from: root) else {
      return nil
    }
    return try place(of: node, in: page)
  }

  /// The keys of a database, in order; throws unless the tree is as LMDB makes them.
  func keys(_ database: TableDatabase) throws(StorageError) -> [[UInt8]] {
    var walk = Walk()
    if let root = roots[database] { try self.walk(root, isMain: false, &walk) }
    return walk.keys
  }

  /// Walks all trees, and returns the pages that hold no values.
  ///
  /// A file passes when
  /// 1. the main database has exactly the databases that it was opened with;
  /// 2. every tree has its stated depth and number of entries, every page is reached once, every node lies within
  ///    its page, keys ascend;
  /// 3. every value has pages of its own, and none of them is a page of a tree.
  func structure() throws(StorageError) -> [PageRun] {
    var walk = Walk()
    try self.walk(main, isMain: true, &walk)
    guard walk.keys.count == databases.count else {
      throw .damagedStructure(path: path, reason: "it has databases that do not belong there")
    }
    for database in databases {
      if let root = roots[database] { try self.walk(root, isMain: false, &walk) }
    }
    guard let structural = walk.values.complement(pages: pageCount) else {
      throw .damagedStructure(path: path, reason: "values share pages")
    }
    var remaining = walk.visited.union([0, 1])
    for run in structural {
      for page in run.first..<run.first + run.count { remaining.remove(page) }
    }
    guard remaining.isEmpty else {
      throw .damagedStructure(path: path, reason: "a page of keys is part of a value")
    }
    return structural
  }

  /// The main database of the newer meta page.
  private func mainRoot() throws(StorageError) -> Root {
    var newest: (transaction: UInt64, page: TreePage)?
    for number in [UInt64(0), 1] {
      let page = TreePage(number, of: file, path: path, pageBytes: layout.pageBytes)
      guard page.load(0) == number, page.load(10) == LMDBPage.metaFlag,
        page.load(16) == LMDBPage.magic, page.load(20) == LMDBPage.dataVersion,
        page.load(LMDBPage.freeRecordOffset, as: UInt32.self) == UInt32(layout.pageBytes),
        page.load(24, as: UInt64.self) == 0
      else { throw page.flaw("is not a meta page of LMDB") }
      let transaction: UInt64 = page.load(LMDBPage.transactionOffset)
      if newest.map({ $0.transaction < transaction }) ?? true { newest = (transaction, page) }
    }
    guard let page = newest?.page, page.load(LMDBPage.lastPageOffset) == pageCount - 1 else {
      throw .damagedPage(
        path: path,
        page: newest?.page.number ?? 0,
        reason: "states another size of the file"
      )
    }
    return try root(in: page, at: LMDBPage.mainRecordOffset)
  }

  /// The record of a database at `offset`, where the page has room for it.
  private func root(in page: TreePage, at offset: Int) throws(StorageError) -> Root {
    let depth = Int(page.load(offset + 6, as: UInt16.self))
    let first: UInt64 = page.load(offset + 40)
    guard page.load(offset + 4) == UInt16(0), depth < LMDBPage.maximumDepth,
      (depth == 0) == (first == LMDBPage.noPage)
    else { throw page.flaw("has a database of an unknown kind") }
    return Root(depth: depth, entries: page.load(offset + 32), page: first)
  }

  private func page(_ number: UInt64) throws(StorageError) -> TreePage {
    guard number >= 2, number < pageCount else {
      throw .damagedPage(path: path, page: number, reason: "is not a page of keys, but is used so")
    }
    return TreePage(number, of: file, path: path, pageBytes: layout.pageBytes)
  }

  /// The leaf node of `key`, and its page; nil when there is none.
  private func find(
    _ key: [UInt8],
    from root: Root
  ) throws(StorageError) -> (TreePage, TreePage.Node)? {
    var number = root.page
    for depth in stride(from: root.depth, to: 0, by: -1) {
      let page = try page(number)
      let isBranch = try page.isBranch
      guard isBranch == (depth > 1) else { throw page.flaw("is at a wrong depth") }
      // The last node whose key is not above `key`; the first one of a branch page stands for all below the second.
      var low = isBranch ? 0 : -1
      var high = try page.nodeCount(isBranch: isBranch)
      while high - low > 1 {
        let middle = (low + high) / 2
        let node = try page.node(middle, isBranch: isBranch)
        if page.compare(key, with: node) >= 0 { low = middle } else { high = middle }
      }
      if low < 0 { return nil }
      let node = try page.node(low, isBranch: isBranch)
      if !isBranch { return page.compare(key, with: node) == 0 ? (page, node) : nil }
      number = node.child
    }
    return nil
  }

  private func place(of node: TreePage.Node, in page: TreePage) throws(StorageError) -> Place {
    guard node.flags == LMDBPage.bigDataFlag else { throw page.flaw("has a value among its keys") }
    let first: UInt64 = page.load(node.dataOffset)
    let pages =
      (node.dataBytes + UInt64(LMDBPage.headerBytes) + layout.pageBytes - 1) / layout.pageBytes
    guard first >= 2, first < pageCount, pages <= pageCount - first else {
      throw page.flaw("has a value outside the file")
    }
    return Place(page: first, pages: pages, bytes: node.dataBytes)
  }

  /// What a walk has seen.
  private struct Walk {
    var visited: Set<UInt64> = []
    var values = PageRuns()
    /// The keys of the tree at hand.
    var keys: [[UInt8]] = []
  }

  private func walk(_ root: Root, isMain: Bool, _ walk: inout Walk) throws(StorageError) {
    walk.keys = []
    if root.depth > 0 { try self.walk(root.page, depth: root.depth, isMain: isMain, &walk) }
    guard UInt64(walk.keys.count) == root.entries else {
      throw .damagedStructure(path: path, reason: "a database states a wrong number of values")
    }
  }

  private func walk(
    _ number: UInt64,
    depth: Int,
    isMain: Bool,
    _ walk: inout Walk
  ) throws(StorageError) {
    let page = try page(number)
    guard walk.visited.insert(number).inserted else { throw page.flaw("is used twice") }
    let isBranch = try page.isBranch
    guard isBranch == (depth > 1) else { throw page.flaw("is at a wrong depth") }
    for index in 0..<(try page.nodeCount(isBranch: isBranch)) {
      let node = try page.node(index, isBranch: isBranch)
      if isBranch {
        try self.walk(node.child, depth: depth - 1, isMain: isMain, &walk)
        continue
      }
      let key = page.key(of: node)
      guard walk.keys.last.map({ $0.lexicographicallyPrecedes(key) }) ?? true else {
        throw page.flaw("has keys out of order")
      }
      walk.keys.append(key)
      if isMain { continue }
      let place = try place(of: node, in: page)
      walk.values.append(PageRun(first: place.page, count: place.pages))
    }
  }
}

extension TableFileLayout {
  /// How many pages the file has; nil unless sizes are possible.
  var pageCount: UInt64? {
    guard (512...32768).contains(pageBytes), pageBytes.nonzeroBitCount == 1,
      bytes % pageBytes == 0, bytes >= 2 * pageBytes, bytes <= UInt64(Int64.max)
    else { return nil }
    return bytes / pageBytes
  }
}

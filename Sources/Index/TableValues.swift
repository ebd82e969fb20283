import GramdexSmoothing
import GramdexStorage
import Synchronization

/// What earlier runs of a build finished of its score tables.
struct FinishedTables: Sendable {
  /// Whether each chunk, numbered shard after shard, is there and whole.
  var chunks: [Bool]
  /// The codebooks of tables all of whose chunks are.
  var codebooks: [Int: [UInt8]] = [:]

  /// Whether a unit has chunks that are not finished.
  func isMissing(_ unit: Int, _ plan: ScorePlan) -> Bool {
    let shard = plan.shard(ofUnit: unit)
    let part = unit - plan.units.firstUnits[shard]
    return plan.tables(ofShard: shard).contains { table in
      plan.chunks(ofTable: table, part: part).contains {
        !chunks[plan.firstChunksOfAll[table] + $0]
      }
    }
  }
}

/// Room in the file for the parts of all tables, and what is known of them so far.
final class TableValues: Sendable {
  /// One table.
  struct Table: Sendable {
    var room = TableRoom.empty
    var codebook: ReservedValue?
    var quantizer: Quantizer?
    /// Side entries of each chunk.
    var sides: [Int: [SideEntry]] = [:]
  }

  /// What need not be computed.
  let finished: FinishedTables
  private let tables: Mutex<[Table]>

  init(count: Int, finished: FinishedTables) {
    self.finished = finished
    tables = Mutex([Table](repeating: Table(), count: count))
  }

  subscript(table: Int) -> Table {
    tables.withLock { $0[table] }
  }

  func update(_ table: Int, _ change: (inout sending Table) -> Void) {
    tables.withLock { change(&$0[table]) }
  }

  /// The side entries of a table, chunk after chunk.
  func side(of table: Int) -> [SideEntry] {
    tables.withLock { tables in
      tables[table].sides.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }
}

import CNeuralKernels

/// Matrix products for one thread at a time: oneDNN's primitives, made once for each shape.
@safe
package final class Products {
  struct Shape: Hashable, Sendable {
    var m, n, k: Int
    var aRowStride, aColumnStride, bRowStride, bColumnStride, cRowStride: Int
    var isRounded, accumulates, isPacked: Bool

    init(
      _ a: Operand,
      _ b: Operand,
      _ c: ProductResult,
      accumulates: Bool,
      isPacked: Bool
    ) {
      (m, n, k) = (a.rows, b.columns, a.columns)
      (aRowStride, aColumnStride) = (a.rowStride, a.columnStride)
      (bRowStride, bColumnStride) = (b.rowStride, b.columnStride)
      cRowStride = c.rowStride
      isRounded = a.isRounded
      self.accumulates = accumulates
      self.isPacked = isPacked
    }

    /// The shape that decides the layout of a packed operand.
    init(packing b: Operand, usualRows: Int) {
      (m, n, k) = (usualRows, b.columns, b.rows)
      (aRowStride, aColumnStride) = (b.rows, 1)
      (bRowStride, bColumnStride) = (b.rowStride, b.columnStride)
      cRowStride = b.columns
      isRounded = b.isRounded
      accumulates = false
      isPacked = true
    }

    var values: gramdex_product_shape {
      gramdex_product_shape(
        m: Int64(m),
        n: Int64(n),
        k: Int64(k),
        a_row_stride: Int64(aRowStride),
        a_column_stride: Int64(aColumnStride),
        b_row_stride: Int64(bRowStride),
        b_column_stride: Int64(bColumnStride),
        c_row_stride: Int64(cRowStride),
        is_bfloat16: isRounded,
        accumulates: accumulates,
        is_packed: isPacked
      )
    }

    var text: String { "\(m) × \(k) and \(k) × \(n)" }
  }

  /// A primitive of oneDNN.
  @safe
  private final class Primitive {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
      unsafe self.pointer = pointer
    }

    deinit {
      unsafe gramdex_product_destroy(pointer)
    }
  }

  private let library: OpaquePointer
  private var made: [Shape: Primitive] = [:]

  /// Prepares oneDNN.
  package init() throws {
    var made: OpaquePointer?
    let status = unsafe gramdex_products_create(&made)
    guard status == 0, let made = unsafe made else {
      throw NeuralError.productFailed(status: Int(status), shape: "any shape")
    }
    unsafe library = made
  }

  deinit {
    made = [:]
    unsafe gramdex_products_destroy(library)
  }

  /// `result` = `a` · `b`, or is added to.
  package func multiply(
    _ a: Operand,
    _ b: Operand,
    into result: ProductResult,
    accumulating: Bool = false
  ) throws {
    if a.rows == 0 || b.columns == 0 { return }
    precondition(a.columns == b.rows && a.isRounded == b.isRounded)
    precondition(result.rows == a.rows && result.columns == b.columns)
    let shape = Shape(a, b, result, accumulates: accumulating, isPacked: false)
    let product = try product(shape, like: nil)
    unsafe try run(product, a, b.address, result, shape)
  }

  /// `result` = `a` · `packed`, or is added to.
  package func multiply(
    _ a: Operand,
    packed: PackedOperand,
    into result: ProductResult,
    accumulating: Bool = false
  ) throws {
    if a.rows == 0 { return }
    precondition(a.columns == packed.rows && a.isRounded == packed.isRounded)
    precondition(result.rows == a.rows && result.columns == packed.columns)
    // The layout is that of products with as many rows as most have; others take it as it is.
    let usual = try product(packed.shape, like: nil)
    var shape = packed.shape
    shape.m = a.rows
    (shape.aRowStride, shape.aColumnStride) = (a.rowStride, a.columnStride)
    shape.cRowStride = result.rowStride
    shape.accumulates = accumulating
    let product = try product(shape, like: shape == packed.shape ? nil : usual)
    unsafe try run(product, a, UnsafeRawPointer(packed.bytes.pointer), result, shape)
  }

  /// Rewrites `b` in the layout that products with it on the right like best.
  ///
  /// - Parameters:
  ///   - b: the right operand.
  ///   - usualRows: how many rows the left operand has as a rule.
  ///   - packed: what was packed before and may be overwritten, or nil.
  /// - Returns: the operand in that layout.
  /// - Throws: `NeuralError` when oneDNN refuses.
  package func pack(
    _ b: Operand,
    usualRows: Int,
    replacing packed: PackedOperand? = nil
  ) throws -> PackedOperand {
    let shape = Shape(packing: b, usualRows: usualRows)
    let product = try product(shape, like: nil)
    let target: PackedOperand
    if let packed, packed.shape == shape {
      target = packed
    } else {
      target = unsafe PackedOperand(shape, bytes: gramdex_product_packed_bytes(product.pointer))
    }
    // SAFETY: the memory is as large as oneDNN asks for.
    let status = unsafe gramdex_product_pack(
      library,
      product.pointer,
      b.address,
      target.bytes.pointer
    )
    guard status == 0 else {
      throw NeuralError.productFailed(status: Int(status), shape: shape.text)
    }
    return target
  }

  private func product(_ shape: Shape, like: Primitive?) throws -> Primitive {
    if let known = made[shape] { return known }
    var values = shape.values
    var product: OpaquePointer?
    let status = unsafe gramdex_product_create(library, &values, like?.pointer, &product)
    guard status == 0, let product = unsafe product else {
      throw NeuralError.productFailed(status: Int(status), shape: shape.text)
    }
    let primitive = unsafe Primitive(product)
    made[shape] = primitive
    return primitive
  }

  private func run(
    _ product: Primitive,
    _ a: Operand,
    _ b: UnsafeRawPointer,
    _ result: ProductResult,
    _ shape: Shape
  ) throws {
    let status = unsafe gramdex_product_run(library, product.pointer, a.address, b, result.address)
    guard status == 0 else {
      throw NeuralError.productFailed(status: Int(status), shape: shape.text)
    }
  }
}

/// The right operand of many products in the layout that oneDNN likes best.
///
/// Written by one thread, then read by all.
package final class PackedOperand: Sendable {
  let shape: Products.Shape
  let bytes: Matrix<UInt8>

  var isRounded: Bool { shape.isRounded }
  package var rows: Int { shape.k }
  package var columns: Int { shape.n }

  init(_ shape: Products.Shape, bytes: Int) {
    self.shape = shape
    self.bytes = Matrix(rows: 1, columns: bytes)
  }
}

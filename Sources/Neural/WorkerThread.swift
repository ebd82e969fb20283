import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A thread that runs one function and can be waited for.
@safe
final class WorkerThread {
  private final class Start {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let thread: pthread_t

  init(_ body: @escaping @Sendable () -> Void) throws {
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let start = unsafe Unmanaged.passRetained(Start(body))
    // SAFETY: the new thread takes the reference that was retained for it.
    let status = unsafe pthread_create(
      &thread,
      nil,
      { context in
        #if canImport(Glibc)
          guard let context = unsafe context else { return nil }
        #endif
        let start = unsafe Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        start.body()
        return nil
      },
      start.toOpaque()
    )
    guard status == 0 else {
      unsafe start.release()
      throw NeuralError.threadFailed(status: Int(status))
    }
    #if canImport(Glibc)
      self.thread = thread
    #else
      guard let thread else { throw NeuralError.threadFailed(status: 0) }
      self.thread = thread
    #endif
  }

  /// Waits until the function has returned.
  func join() {
    pthread_join(thread, nil)
  }
}

/// Wakes threads that wait for a number to change.
@safe
final class Bell: @unchecked Sendable {
  // @unchecked: a mutex and a condition may be used by all threads.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Wakes all that wait; the number was changed before.
  func ring() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  /// Returns the number once it is as wanted: looks for a moment, then sleeps until the bell rings.
  @discardableResult
  func wait(for number: borrowing Atomic<Int>, until isWanted: (Int) -> Bool) -> Int {
    for turn in 0..<2000 {
      let value = number.load(ordering: .acquiring)
      if isWanted(value) { return value }
      if turn > 500 { sched_yield() }
    }
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while true {
      let value = number.load(ordering: .acquiring)
      if isWanted(value) { return value }
      unsafe pthread_cond_wait(condition, mutex)
    }
  }
}

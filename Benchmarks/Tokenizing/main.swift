// Cuts a text into the pieces of a SentencePiece model, on one thread: prints them, or measures it in CPU time. Not a product.
//
//   swift run -c release TokenizingBenchmark MODEL TEXT            pieces, a line each
//   swift run -c release TokenizingBenchmark MODEL TEXT ROUNDS     the least time of so many rounds

import Foundation
import GramdexCore
import GramdexStorage
import GramdexText

/// Ends the program with a message.
func fail(_ message: String, code: Int32) -> Never {
  FileHandle.standardError.write(Data("TokenizingBenchmark: \(message)\n".utf8))
  exit(code)
}

/// What `body` returns; an error ends the program.
func require<Value>(_ body: () throws -> Value) -> Value {
  do { return try body() } catch { fail("\(error)", code: 65) }
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  fail("usage: TokenizingBenchmark MODEL TEXT [ROUNDS]", code: 64)
}
let start = clock()
var options = TokenizerOptions(kind: .sentencepiece)
options.model = require { try TokenizerModel.sentencePiece(path: arguments[1]) }
let opening = Double(clock() - start) / Double(CLOCKS_PER_SEC)
let normalizer = TextNormalizer(options)
let inputs = require { try TextInputs(InputOptions(paths: [arguments[2]])) }

/// Calls `body` with every block of the text, cut into pieces.
func forEachBlock(_ body: (TextBlock) -> Void) -> Double {
  let reader = require { try TextBlockReader(inputs) }
  let scratch = TextBlock(capacity: 0)
  var seconds = 0.0
  while let block = require({ try reader.next() }) {
    let start = clock()
    normalizer.normalize(block, scratch: scratch)
    seconds += Double(clock() - start) / Double(CLOCKS_PER_SEC)
    body(block)
    reader.recycle(block)
  }
  return seconds
}

if arguments.count == 3 {
  _ = forEachBlock { FileHandle.standardOutput.write(Data($0.bytes)) }
} else {
  var measure = (bytes: 0, characters: 0)
  var least = Double.infinity
  for _ in 0..<(Int(arguments[3]) ?? 5) {
    measure = (0, 0)
    let seconds = forEachBlock { block in
      measure.bytes += block.measure?.bytes ?? 0
      measure.characters += block.measure?.characters ?? 0
    }
    least = min(least, seconds)
  }
  let perCharacter = least * 1e9 / Double(max(measure.characters, 1))
  print("opening \(opening * 1000) ms, \(measure.characters) characters, \(measure.bytes) bytes")
  print("\(perCharacter) ns a character")
}

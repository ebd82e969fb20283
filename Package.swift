// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: warnings stop the build, unsafe code is marked, imports are explicit.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A module of the data flow: target `Gramdex<name>`, folder `Sources/<name>`.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: "Gramdex\(name)",
    dependencies: dependencies,
    path: "Sources/\(name)",
    swiftSettings: settings
  )
}

/// The tests of one module: target `<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: dependencies + ["TestSupport"],
    exclude: exclude,
    swiftSettings: settings
  )
}

let package = Package(
  name: "gramdex",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Gramdex", targets: ["Gramdex"]),
    .executable(name: "gramdex", targets: ["GramdexCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CLMDB",
      pkgConfig: "lmdb",
      providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]
    ),
    .systemLibrary(
      name: "CZstd",
      pkgConfig: "libzstd",
      providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]
    ),
    .systemLibrary(
      name: "CZlib",
      pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
    ),
    .systemLibrary(
      name: "CXXHash",
      pkgConfig: "libxxhash",
      providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]
    ),
    .target(name: "CKernels"),
    // libdnnl-dev has no file for pkg-config.
    .target(name: "CNeuralKernels", linkerSettings: [.linkedLibrary("dnnl")]),
    module("Core", ["CKernels"]),
    module("Storage", ["GramdexCore", "CKernels", "CLMDB", "CXXHash", "CZstd", "CZlib"]),
    module("Text", ["GramdexCore", "GramdexStorage", "CKernels"]),
    module("Counting", ["GramdexCore", "GramdexStorage", "GramdexText", "CKernels"]),
    module(
      "Classes",
      ["GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "CKernels"]
    ),
    module("Smoothing", ["GramdexCore", "GramdexStorage", "GramdexCounting", "CKernels"]),
    module(
      "Index",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "GramdexSmoothing",
        "CKernels",
      ]
    ),
    module(
      "Scoring",
      ["GramdexCore", "GramdexStorage", "GramdexText", "GramdexIndex", "CKernels"]
    ),
    module(
      "Rescoring",
      ["GramdexCore", "GramdexStorage", "GramdexText", "GramdexScoring"]
    ),
    module("Neural", ["GramdexCore", "GramdexStorage", "CNeuralKernels"]),
    module(
      "NeuralModels",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexIndex", "GramdexScoring",
        "GramdexNeural",
      ]
    ),
    .target(
      name: "Gramdex",
      dependencies: [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "GramdexClasses",
        "GramdexSmoothing", "GramdexIndex", "GramdexScoring", "GramdexRescoring",
        "GramdexNeural", "GramdexNeuralModels",
        .product(name: "Yams", package: "Yams"),
      ],
      path: "Sources/Gramdex",
      swiftSettings: settings
    ),
    module(
      "Studies",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexScoring", "GramdexNeural",
        "GramdexNeuralModels", "Gramdex",
      ]
    ),
    .executableTarget(
      name: "GramdexCLI",
      dependencies: [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "GramdexClasses",
        "GramdexSmoothing", "GramdexIndex", "GramdexScoring", "GramdexRescoring",
        "GramdexNeural", "GramdexNeuralModels", "Gramdex", "GramdexStudies",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/CLI",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "ScoringBenchmark",
      dependencies: ["GramdexCore", "GramdexStorage", "GramdexScoring"],
      path: "Benchmarks/Scoring",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "TokenizingBenchmark",
      dependencies: ["GramdexCore", "GramdexStorage", "GramdexText"],
      path: "Benchmarks/Tokenizing",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "NeuralBenchmark",
      dependencies: ["GramdexNeural", "GramdexNeuralModels"],
      path: "Benchmarks/Neural",
      swiftSettings: settings
    ),
    .executableTarget(
      name: "RescoringBenchmark",
      dependencies: ["GramdexCore", "GramdexScoring", "Gramdex"],
      path: "Benchmarks/Rescoring",
      swiftSettings: settings
    ),
    .target(
      name: "TestSupport",
      dependencies: ["GramdexCore"],
      path: "Tests/TestSupport",
      swiftSettings: settings
    ),
    tests("Core", ["GramdexCore"]),
    tests("Storage", ["GramdexCore", "GramdexStorage", "CLMDB"]),
    tests("Text", ["GramdexCore", "GramdexStorage", "GramdexText"], exclude: ["Fixtures"]),
    tests("Counting", ["GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting"]),
    tests(
      "Classes",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "GramdexClasses",
        "GramdexIndex", "Gramdex",
      ]
    ),
    tests(
      "Smoothing",
      ["GramdexCore", "GramdexStorage", "GramdexCounting", "GramdexSmoothing"]
    ),
    tests(
      "Index",
      [
        "CKernels", "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting",
        "GramdexSmoothing",
        "GramdexIndex",
      ]
    ),
    tests(
      "Scoring",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexSmoothing", "GramdexIndex",
        "GramdexScoring", "Gramdex",
      ]
    ),
    tests(
      "Rescoring",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexScoring", "GramdexRescoring",
        "Gramdex",
      ],
      exclude: ["Fixtures"]
    ),
    tests(
      "Neural",
      ["CNeuralKernels", "GramdexCore", "GramdexStorage", "GramdexNeural"],
      exclude: ["Fixtures"]
    ),
    tests(
      "NeuralModels",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexIndex", "GramdexScoring",
        "GramdexNeural", "GramdexNeuralModels", "Gramdex",
      ]
    ),
    tests(
      "Gramdex",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexIndex", "GramdexScoring",
        "GramdexNeural", "GramdexNeuralModels", "Gramdex",
      ]
    ),
    tests(
      "Studies",
      [
        "GramdexCore", "GramdexStorage", "GramdexNeural", "GramdexNeuralModels", "GramdexScoring",
        "Gramdex", "GramdexStudies",
      ]
    ),
    tests("EndToEnd", ["Gramdex"], exclude: ["Fixtures"]),
    tests(
      "Fuzz",
      [
        "GramdexCore", "GramdexStorage", "GramdexText", "GramdexCounting", "GramdexIndex",
        "Gramdex",
      ]
    ),
  ]
)

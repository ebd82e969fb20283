import ArgumentParser
import Gramdex

/// `gramdex run`: a build, further estimates, networks and their evaluation, declared in a file.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs a build, further estimates, trainings and their evaluation as a job file says.",
    discussion: """
      The job is a YAML file with the keys inputs, files-from, json-field, tokenizer, order, memory, \
      threads, temporary, smoothing, prune, layout, counts, vocabulary, limit-vocabulary, estimate, train, \
      evaluation, output, replace, keep-previous and resume. An unfinished run of the same job is gone on with, unless \
      resume is false. Names of files are relative to the job file.
      """
  )

  @Argument(help: ArgumentHelp("The job file.", valueName: "job"))
  var job: String

  @Flag(help: "Write one JSON object: the summary of the build and a report for each text.")
  var json = false

  @OptionGroup var progress: ProgressFlags

  func run() throws {
    let job = try JobFile(path: job)
    MachineFlags.announce(memoryBytes: job.build.memoryBytes, threads: job.build.threads)
    let report = try progress.run { observer, cancellation in
      try job.run(observer: observer, cancellation: cancellation)
    }
    if json {
      try StandardOutput.print(json: report)
    } else {
      try StandardOutput.print(report.text)
    }
  }
}

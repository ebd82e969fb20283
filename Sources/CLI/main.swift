// The one place that ends the process.
ErrorReport.runAndExit()

print("gramdex")

cli-srcs :=
# Set to yes when the command line links the pure core of the translator.
cli-needs-core :=

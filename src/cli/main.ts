#!/usr/bin/env node
process.stderr.write('trueup: no command yet\n')
process.exitCode = 1

/**
 * Writes what is generated from the schema: `node dist/desired/write-json-schema.js FILE…`, where a `.json` file gets the
 * JSON Schema for editors and a `.md` file the reference.
 */
import { writeFileSync } from 'node:fs'
import { standardizeRules } from '../values/rules/index.ts'
import { renderJsonSchema } from './json-schema.ts'
import { renderReference } from './reference.ts'

const files = process.argv.slice(2)
if (files.length === 0) {
  process.stderr.write('usage: write-json-schema.js FILE… (.json: JSON Schema, .md: reference)\n')
  process.exitCode = 1
}
for (const file of files) {
  const render = file.endsWith('.md') ? renderReference : renderJsonSchema
  writeFileSync(file, render(standardizeRules))
}

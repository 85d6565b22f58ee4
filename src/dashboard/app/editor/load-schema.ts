/** The JSON Schema of the desired state, asked for once. */
import * as z from 'zod/mini'
import { type Schema, schemaShape } from './schema-hints.ts'

let asked: Promise<Schema | undefined> | undefined

/** Undefined where it cannot be had: the editor then goes without completion, and the API checks all the same. */
export function loadSchema(): Promise<Schema | undefined> {
  asked ??= fetch('/desired-state.schema.json').then(
    async (response) => {
      const parsed = z.safeParse(schemaShape, await response.json())
      return parsed.success ? parsed.data : undefined
    },
    () => {
      asked = undefined
      return undefined
    },
  )
  return asked
}

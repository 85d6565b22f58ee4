/** Each planted bug still fits the code that it breaks: one that no longer does would never be planted. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'

const root = new URL('../../', import.meta.url)
const bugSchema = z.object({ name: z.string(), file: z.string(), from: z.string(), to: z.string() })
const { plantedBugs } = z
  .object({ plantedBugs: z.array(bugSchema) })
  .parse(await import(new URL('scripts/planted-bugs.mjs', root).href))

test.each(plantedBugs)('the planted bug $name changes one place of $file', ({ file, from, to }) => {
  const text = readFileSync(new URL(`src/${file}`, root), 'utf8')
  expect(text.split(from)).toHaveLength(2)
  expect(to).not.toBe(from)
})

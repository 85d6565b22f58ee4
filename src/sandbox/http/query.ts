/** Reads query strings as Airtable's clients write them: `fields[]=a`, `fields[0]=a`, `sort[0][field]=a`, `+` for spaces. */
import type { JsonObject, JsonValue } from '../../json.ts'

const partMax = 5000
const depthMax = 4

type Tree = Map<string, string | Tree>

/** The parameters as JSON: lists where the names have brackets without text in them, objects otherwise. */
export function parseQuery(query: string): JsonObject {
  const tree: Tree = new Map()
  let count = 0
  for (const [name, value] of new URLSearchParams(query)) {
    count += 1
    if (count > partMax) break
    insert(tree, pathOf(name), value)
  }
  return Object.fromEntries([...tree].map(([name, value]) => [name, jsonOf(value)]))
}

function pathOf(name: string): string[] {
  const [head = '', ...rest] = name.split('[')
  return [head, ...rest.map((part) => part.replace(/\]$/, ''))].slice(0, depthMax)
}

function insert(tree: Tree, path: readonly string[], value: string): void {
  const [head = '', ...rest] = path
  const key = head === '' ? String(tree.size) : head
  if (rest.length === 0) {
    tree.set(key, value)
    return
  }
  const below = tree.get(key)
  const branch: Tree = below instanceof Map ? below : new Map()
  tree.set(key, branch)
  insert(branch, rest, value)
}

function jsonOf(value: string | Tree): JsonValue {
  if (typeof value === 'string') return value
  const entries = [...value].map(([name, below]): [string, JsonValue] => [name, jsonOf(below)])
  return entries.every(([name]) => /^\d+$/.test(name))
    ? entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, below]) => below)
    : Object.fromEntries(entries)
}

/** Joins a parsed formula to a table: every name becomes a field id, every function is known and rightly called. */
import { formulaFunctions } from './functions.ts'
import { parseFormula } from './parse.ts'
import { FormulaError, invalidFormula, type Syntax } from './syntax.ts'

/** A formula whose `field` nodes hold field ids. */
export interface BoundFormula {
  readonly tree: Syntax
  /** The ids of the fields it reads. */
  readonly fieldIds: ReadonlySet<string>
}

/** Functions that evaluate.ts carries out itself, with their least and largest number of arguments. */
const special: Readonly<Record<string, readonly [number, number]>> = {
  IF: [2, 3],
  SWITCH: [2, Number.POSITIVE_INFINITY],
  LAST_MODIFIED_TIME: [0, Number.POSITIVE_INFINITY],
}

/**
 * Parses and binds. `fieldIdOf` gives the id of a field by name or id, undefined when there is none.
 *
 * @throws FormulaError that names all unknown fields (in lower case, as reported [O]) or functions.
 */
export function bindFormula(text: string, fieldIdOf: (reference: string) => string | undefined): BoundFormula {
  const unknownFields = new Set<string>()
  const unknownFunctions = new Set<string>()
  const fieldIds = new Set<string>()
  const bind = (node: Syntax): Syntax => {
    switch (node.kind) {
      case 'literal':
        return node
      case 'field': {
        const id = fieldIdOf(node.reference)
        if (id === undefined) unknownFields.add(node.reference.toLowerCase())
        else fieldIds.add(id)
        return { kind: 'field', reference: id ?? node.reference }
      }
      case 'negate':
        return { kind: 'negate', operand: bind(node.operand) }
      case 'binary':
        return { ...node, left: bind(node.left), right: bind(node.right) }
      case 'call': {
        const counts = countsOf(node.name)
        if (counts === undefined) unknownFunctions.add(node.name)
        else if (node.args.length < counts[0] || node.args.length > counts[1]) throw invalidFormula()
        if (node.name === 'LAST_MODIFIED_TIME' && node.args.some((arg) => arg.kind !== 'field')) throw invalidFormula()
        return { ...node, args: node.args.map(bind) }
      }
    }
  }
  const tree = bind(parseFormula(text))
  if (unknownFunctions.size > 0) throw new FormulaError(`Unknown function names: ${[...unknownFunctions].join(', ')}`)
  if (unknownFields.size > 0) throw new FormulaError(`Unknown field names: ${[...unknownFields].join(', ')}`)
  return { tree, fieldIds }
}

function countsOf(name: string): readonly [number, number] | undefined {
  if (Object.hasOwn(special, name)) return special[name]
  const known = formulaFunctions.get(name)
  return known === undefined ? undefined : [known.min, known.max]
}

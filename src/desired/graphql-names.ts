/** The GraphQL names that tables, fields and choices get; checked for clashes when the desired state is loaded. */

const wordsOf = (name: string): readonly string[] =>
  name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9]/gu, (character) =>
      /[\p{L}\p{N}]/u.test(character) ? `U${character.codePointAt(0)?.toString(16)}` : ' ',
    )
    .split(' ')
    .filter((word) => word !== '')

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** One thing of many: `leads` → `lead`, `companies` → `company`, `addresses` → `address`; `status` stays. */
function singular(word: string): string {
  if (/[^aeiou]ies$/i.test(word)) return `${word.slice(0, -3)}y`
  if (/(ss|x|z|ch|sh)es$/i.test(word)) return word.slice(0, -2)
  if (/(ss|us|is)$/i.test(word) || !/s$/i.test(word)) return word
  return word.slice(0, -1)
}

/** The object type of a table: `leads` → `Lead`, `call_logs` → `CallLog`. */
export function graphqlTypeName(table: string): string {
  const words = wordsOf(table)
  return words.map((word, index) => capitalized(index === words.length - 1 ? singular(word) : word)).join('')
}

/** The field of a column: `linkedin_url` → `linkedinUrl`. */
export function graphqlFieldName(field: string): string {
  return wordsOf(field)
    .map((word, index) => (index === 0 ? word : capitalized(word)))
    .join('')
}

/** The enum value of a choice: `auto_send` and `Auto Send` → `AUTO_SEND`; a leading digit gets a `_` before it. */
export function graphqlEnumValue(choice: string): string {
  const name = wordsOf(choice).join('_').toUpperCase()
  return /^[0-9]/.test(name) ? `_${name}` : name
}

/** Types of the schema that no table may take the name of. */
export const graphqlTypesReserved: ReadonlySet<string> = new Set([
  'Query',
  'Mutation',
  'Subscription',
  'Node',
  'PageInfo',
  'Action',
  'Approval',
  'Backup',
  'Condition',
  'Conflict',
  'Controller',
  'DesiredState',
  'Drift',
  'DriftReport',
  'DuplicateGroup',
  'Event',
  'HealthReport',
  'Job',
  'Plan',
  'Progress',
  'Resource',
  'Service',
  'Statistics',
  'SyncHistory',
  'SyncMove',
  'SyncRun',
  'SyncStatus',
  'Token',
  'Viewer',
  'String',
  'Int',
  'Float',
  'Boolean',
  'ID',
  'Date',
  'DateTime',
  'JSON',
  'URL',
  'EmailAddress',
  'PhoneNumber',
])

/** Generated people with duplicates for tests, with the truth beside them. */
import { type Random, seededRandom } from '../random.ts'
import type { MatchField } from './role.ts'

const given =
  'anna bruno clara daniel emma felix grace hugo irene jakob karla liam mia noah olga paul robert sofia tom vera'
const family =
  'adler becker conrad dietz ehlers fuchs graf huber imhof jansen keller lorenz maurer neumann otto pohl richter schulz thiel ullmann vogt weber ziegler brandt krause'
const cities = 'berlin hamburg munich cologne dresden bremen leipzig mainz'
const words = (text: string) => text.split(' ')

export const peopleFields: readonly MatchField[] = ['first_name', 'surname', 'dob', 'city', 'email', 'phone'].map(
  (name) => ({ name, type: 'text', rules: [] }),
)

export interface People {
  readonly records: readonly (readonly string[])[]
  /** Which person each record is of. */
  readonly truth: readonly string[]
}

/** So many people, about a third of them twice, once with mistakes. */
export function peopleOf(count: number, seed: number): People {
  const random = seededRandom(seed)
  const pick = (text: string) => words(text)[Math.floor(random.next() * words(text).length)] ?? ''
  const records: string[][] = []
  const truth: string[] = []
  for (let person = 0; person < count; person += 1) {
    const day = String(1 + Math.floor(random.next() * 28)).padStart(2, '0')
    const month = String(1 + Math.floor(random.next() * 12)).padStart(2, '0')
    const record = [pick(given), pick(family), `${1940 + Math.floor(random.next() * 60)}-${month}-${day}`, pick(cities)]
    record.push(
      `${record[0]}.${record[1]}${person}@mail.example`,
      `+4930${1_000_000 + Math.floor(random.next() * 8_999_999)}`,
    )
    records.push(record)
    truth.push(String(person))
    if (random.next() < 0.35) {
      records.push(record.map((cell) => mistaken(cell, random)))
      truth.push(String(person))
    }
  }
  return { records, truth }
}

function mistaken(cell: string, random: Random): string {
  const chance = random.next()
  if (chance < 0.12) return ''
  if (chance > 0.25 || cell.length < 3) return cell
  const at = 1 + Math.floor(random.next() * (cell.length - 1))
  return cell.slice(0, at) + cell.slice(at + 1)
}

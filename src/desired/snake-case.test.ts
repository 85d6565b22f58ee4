import { expect, it } from 'vitest'
import { snakeCaseOf } from './snake-case.ts'

it.each([
  ['Full Name', 'full_name'],
  ['leadScore', 'lead_score'],
  ['E-Mail', 'e_mail'],
  ['Téléphone', 'telephone'],
  ['Straße', 'strasse'],
  ['2nd order?', 'nd_order'],
  ['valeur €', 'valeur'],
  ['名前', ''],
])('%s is called %s', (name, called) => {
  expect(snakeCaseOf(name)).toBe(called)
})

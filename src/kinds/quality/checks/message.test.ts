import { describe, expect, it } from 'vitest'
import type { Cell } from '../../../values/field-type.ts'
import type { RowCheck } from './check.ts'
import { greets } from './greeting.ts'
import { written } from './language.ts'

const fails = (check: RowCheck, cells: Readonly<Record<string, Cell>>) =>
  check.reasonOf((field) => cells[field] ?? null) !== undefined

describe('a message', () => {
  const check = greets('message', 'full_name')
  it.each([
    ['Hi Bob, I saw your launch.', 'Ann Lee'],
    ['Dear Mr. Robert Miller,\nI saw', 'Ann Lee'],
    ['hello Tom! We met', 'José Ruiz'],
    ['Sehr gern. ', ''],
    ['Hallo Herr Schmidt, wir', 'Anna Weber'],
    ['Hola María, vi', 'Carmen Ortiz'],
  ])('greets somebody else: %s', (message, full_name) =>
    expect(fails(check, { message, full_name })).toBe(full_name !== ''),
  )

  it.each([
    ['Hi Ann, I saw', 'Ann Lee'],
    ['Hi Ann Lee – I saw', 'Ann Lee'],
    ['Dear Ms. Lee, I saw', 'Ann Lee'],
    ['Dear Dr. Lee, I saw', 'Dr. Ann Lee'],
    ['Hi Bob, I saw', 'Robert Miller'],
    ['Hi Jose, I saw', 'José Ruiz'],
    ['Hi Jörg, ich', 'Joerg Müller'],
    ['Hi there, I saw', 'Ann Lee'],
    ['Hello Team, I saw', 'Ann Lee'],
    ['Hi, Bob told me of you', 'Ann Lee'],
    ['Hi! Great news', 'Ann Lee'],
    ['Hey Quick question for you, Ann', 'Ann Lee'],
    ['I spoke with Bob, who', 'Ann Lee'],
    ['Hi J. Smith, I saw', 'Ann Lee'],
    ['Hi Иван, I saw', 'Ann Lee'],
    ['Hi Ivan, I saw', 'Иван Петров'],
    ['Hi Owen, I saw', 'O. Griffin'],
    ['Hi Bob, I saw', ''],
  ])('greets its person, or nobody: %s', (message, full_name) =>
    expect(fails(check, { message, full_name })).toBe(false),
  )

  const texts = {
    en: 'Hi Ann, I saw that your team is growing and that you still check the invoices by hand. We can take that off your desk within a week.',
    de: 'Hallo Ann, ich habe gesehen, dass Ihr Team wächst und Sie die Rechnungen noch von Hand prüfen. Wir können Ihnen das in einer Woche abnehmen.',
    fr: 'Bonjour Ann, nous avons vu que votre équipe grandit et que vous vérifiez encore les factures à la main. Nous pouvons vous aider dans une semaine.',
    es: 'Hola Ana, vimos que su equipo crece y que todavía revisan las facturas a mano. Podemos encargarnos de eso por usted en una semana, con un plan.',
    it: 'Ciao Anna, abbiamo visto che il vostro team cresce e che le fatture sono ancora verificate a mano. Possiamo occuparci di questo per voi con un piano.',
    pt: 'Olá Ana, vimos que o seu time cresce e que ainda verificam as faturas à mão. Podemos cuidar disso para você em uma semana, com um plano.',
    nl: 'Hallo Anna, wij zagen dat uw team groeit en dat u de facturen nog met de hand controleert. Wij kunnen dat binnen een week voor u doen.',
  } as const
  const languages = Object.keys(texts) as (keyof typeof texts)[]

  it.each(languages)('is told from those in other languages: %s', (language) => {
    for (const other of languages)
      expect([language, other, fails(written('message', language), { message: texts[other] })]).toEqual([
        language,
        other,
        other !== language,
      ])
  })

  it('of few words, or in the language with names and words of another, passes', () => {
    for (const message of [
      'Bonjour Ann',
      'Danke und bis bald',
      '',
      'Hi Ann, the team of La Maison de la Crème and Das Kontor told me that you would like to hear more of our work for the hotels in Paris.',
    ])
      expect(fails(written('message', 'en'), { message })).toBe(false)
    const cyrillic =
      'Здравствуйте, Анна, мы увидели, что ваша команда растёт и что вы всё ещё проверяете счета вручную каждый день'
    expect(fails(written('message', 'en'), { message: cyrillic })).toBe(true)
  })
})

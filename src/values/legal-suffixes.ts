/**
 * Legal forms behind company names, of many countries, each with the one spelling that is canonical here. Several
 * spellings that people use stand for one form; forms that differ only in dots or case in two countries are each left as
 * they are written.
 */

interface LegalForm {
  readonly canonical: string
  /** Other spellings; case, dots, commas and spaces between single letters do not count. */
  readonly also?: readonly string[]
  /** Also an ordinary word: taken for a legal form only where its spelling shows it (`SpA`, `S.p.A.`, not `Day Spa`). */
  readonly word?: true
}

/** Forms of several words come first where they end in a shorter one; the search takes the longest. */
const forms: readonly LegalForm[] = [
  // English-speaking countries
  { canonical: 'Inc.', also: ['Incorporated', 'Incorp', 'Inc'] },
  { canonical: 'Corp.', also: ['Corporation', 'Corpn', 'Corp'] },
  { canonical: 'Ltd.', also: ['Limited', 'Ltd', 'Lmtd', 'Ltd Company'] },
  { canonical: 'LLC', also: ['Limited Liability Company', 'Limited Liability Co', 'L L C'] },
  { canonical: 'LLP', also: ['Limited Liability Partnership', 'L L P'] },
  { canonical: 'LLLP' },
  { canonical: 'LP', also: ['Limited Partnership', 'L P'] },
  { canonical: 'PLLC', also: ['P L L C'] },
  { canonical: 'plc', also: ['Public Limited Company', 'P L C'] },
  { canonical: 'Co.', word: true },
  { canonical: 'Co., Ltd.', also: ['Co Ltd', 'Company Limited', 'Co Limited', 'Company Ltd'] },
  { canonical: 'Co., Inc.', also: ['Co Inc', 'Company Inc'] },
  { canonical: 'Public Co. Ltd.', also: ['Public Company Limited', 'PCL'] },
  { canonical: 'Pty Ltd', also: ['Pty Limited', 'Proprietary Limited', 'Pty Ltd'] },
  { canonical: 'Pte. Ltd.', also: ['Pte Ltd', 'Private Ltd (Singapore)', 'Pte Limited'] },
  { canonical: 'Pvt. Ltd.', also: ['Pvt Ltd', 'Private Limited', 'Private Ltd', 'Pvt Limited', 'P Ltd'] },
  { canonical: 'P.C.', word: true },
  { canonical: 'CIC', word: true },
  { canonical: 'DAC', also: ['Designated Activity Company'], word: true },
  { canonical: 'ULC', also: ['Unlimited Liability Company'] },
  { canonical: 'Ltée', also: ['Limitée', 'Ltee'] },
  // Germany, Austria, Switzerland, Liechtenstein
  { canonical: 'GmbH', also: ['Gesellschaft mit beschränkter Haftung', 'Ges m b H', 'Gesmbh', 'mbH'] },
  { canonical: 'gGmbH' },
  { canonical: 'GmbH & Co. KG', also: ['GmbH & Co KG', 'GmbH und Co KG', 'GmbH + Co KG', 'GmbH and Co KG'] },
  { canonical: 'GmbH & Co. KGaA', also: ['GmbH & Co KGaA'] },
  { canonical: 'AG', also: ['Aktiengesellschaft', 'A G'] },
  { canonical: 'AG & Co. KG', also: ['AG & Co KG'] },
  { canonical: 'AG & Co. KGaA', also: ['AG & Co KGaA'] },
  { canonical: 'KGaA' },
  { canonical: 'KG', also: ['Kommanditgesellschaft', 'K G'] },
  { canonical: 'OHG', also: ['Offene Handelsgesellschaft'] },
  { canonical: 'GbR' },
  { canonical: 'UG (haftungsbeschränkt)', also: ['UG haftungsbeschränkt'] },
  { canonical: 'UG', word: true },
  { canonical: 'e.K.', also: ['eK', 'e Kfm', 'eKfm'], word: true },
  { canonical: 'eG', also: ['eingetragene Genossenschaft'], word: true },
  { canonical: 'SE', also: ['Societas Europaea'], word: true },
  // France, Belgium, Luxembourg, francophone countries
  { canonical: 'SARL', also: ['S A R L'] },
  { canonical: 'S.à r.l.', also: ['S à r l', 'Sàrl', 'S à rl'] },
  { canonical: 'SAS', also: ['S A S'], word: true },
  { canonical: 'SASU' },
  { canonical: 'EURL', also: ['E U R L'] },
  { canonical: 'SNC', also: ['S N C'], word: true },
  { canonical: 'SCA', also: ['S C A'], word: true },
  { canonical: 'BVBA', also: ['B V B A'] },
  { canonical: 'SPRL', also: ['S P R L'] },
  { canonical: 'SRL', word: true },
  // Italy, Spain, Portugal, Latin America
  { canonical: 'S.p.A.', also: ['SpA', 'Società per Azioni'], word: true },
  { canonical: 'S.r.l.', also: ['Srl'] },
  { canonical: 'S.r.l.s.', also: ['Srls'] },
  { canonical: 'S.A.', also: ['SA', 'Sociedad Anónima', 'Société Anonyme', 'Sociedade Anônima', 'S A'] },
  { canonical: 'S/A' },
  { canonical: 'S.A.U.', also: ['SAU'], word: true },
  { canonical: 'S.L.', also: ['SL', 'Sociedad Limitada', 'S L'] },
  { canonical: 'S.L.U.', also: ['SLU', 'S L U'] },
  { canonical: 'S.A. de C.V.', also: ['SA de CV', 'S A de C V'] },
  { canonical: 'S.A.B. de C.V.', also: ['SAB de CV', 'S A B de C V'] },
  { canonical: 'S. de R.L. de C.V.', also: ['S de RL de CV', 'S de R L de C V', 'S de RL CV'] },
  { canonical: 'S. de R.L.', also: ['S de RL'] },
  { canonical: 'S.A.A.' },
  { canonical: 'S.A.C.', also: ['SAC'], word: true },
  { canonical: 'S.A.E.', also: ['SAE'], word: true },
  { canonical: 'C.A.', word: true },
  { canonical: 'Ltda.', also: ['Limitada', 'Ltda'] },
  { canonical: 'Lda.', also: ['Lda'] },
  { canonical: 'EIRELI' },
  // Netherlands
  { canonical: 'B.V.', also: ['BV', 'Besloten Vennootschap', 'B V'] },
  { canonical: 'N.V.', also: ['NV', 'Naamloze Vennootschap', 'N V'] },
  { canonical: 'VOF', also: ['V O F'] },
  // Nordic and Baltic countries
  { canonical: 'AB', also: ['Aktiebolag', 'A B'], word: true },
  { canonical: 'ASA', also: ['A S A'], word: true },
  { canonical: 'A/S', also: ['Aktieselskab'] },
  { canonical: 'AS', word: true },
  { canonical: 'ApS', also: ['Anpartsselskab'] },
  { canonical: 'I/S' },
  { canonical: 'K/S' },
  { canonical: 'P/S' },
  { canonical: 'Oy', also: ['Osakeyhtiö'], word: true },
  { canonical: 'Oyj', also: ['Julkinen Osakeyhtiö'] },
  { canonical: 'Oy Ab' },
  { canonical: 'ehf.', also: ['ehf'] },
  { canonical: 'hf.', word: true },
  { canonical: 'OÜ', also: ['Osaühing'] },
  { canonical: 'SIA', word: true },
  { canonical: 'UAB' },
  // Central and eastern Europe
  { canonical: 's.r.o.', also: ['sro', 'spol s r o', 'spol sro'] },
  { canonical: 'a.s.', word: true },
  { canonical: 'A.S.', word: true },
  { canonical: 'k.s.', word: true },
  {
    canonical: 'Sp. z o.o.',
    also: ['Sp zoo', 'Sp z o o', 'Spółka z o o', 'Sp z oo', 'Spółka z ograniczoną odpowiedzialnością'],
  },
  { canonical: 'Sp.k.', also: ['Sp K', 'Spk'] },
  { canonical: 'Kft.', also: ['Kft'] },
  { canonical: 'Zrt.', also: ['Zrt'] },
  { canonical: 'Nyrt.', also: ['Nyrt'] },
  { canonical: 'Rt.', word: true },
  { canonical: 'd.o.o.', also: ['doo'] },
  { canonical: 'd.d.', word: true },
  { canonical: 'EOOD' },
  { canonical: 'OOD' },
  { canonical: 'OOO' },
  { canonical: 'OAO' },
  { canonical: 'ZAO' },
  { canonical: 'PAO', word: true },
  { canonical: 'JSC', also: ['Joint Stock Company', 'Joint-Stock Company'] },
  { canonical: 'OJSC', also: ['Open Joint Stock Company'] },
  { canonical: 'CJSC' },
  { canonical: 'PJSC', also: ['Public Joint Stock Company'] },
  { canonical: 'TOV', word: true },
  { canonical: 'A.E.', word: true },
  { canonical: 'A.Ş.', also: ['AŞ', 'Anonim Şirketi'] },
  { canonical: 'Ltd. Şti.', also: ['Ltd Şti', 'Ltd Sti', 'Limited Şirketi'] },
  // Asia, Middle East
  { canonical: 'Sdn. Bhd.', also: ['Sdn Bhd', 'Sendirian Berhad'] },
  { canonical: 'Bhd.', also: ['Berhad', 'Bhd'] },
  { canonical: 'Tbk', also: ['Terbuka'] },
  { canonical: 'K.K.', also: ['Kabushiki Kaisha', 'Kabushiki Gaisha', 'KK'] },
  { canonical: 'G.K.', also: ['Godo Kaisha'], word: true },
  { canonical: 'W.L.L.', also: ['WLL'] },
  { canonical: 'FZE' },
  { canonical: 'FZCO' },
  { canonical: 'FZ-LLC', also: ['FZ LLC', 'FZLLC'] },
]

export interface LegalSuffix {
  readonly canonical: string
  /** The name before it, without a comma at its end; never blank. */
  readonly core: string
  /** The suffix as it was written. */
  readonly written: string
}

const keyOf = (text: string) =>
  text
    .toLowerCase()
    .replace(/[.,]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
    // `s a` and `S.A.` are one word with `SA`.
    .replace(/(?<![\p{L}\p{N}])\p{L}(?: \p{L}(?![\p{L}\p{N}]))+/gu, (letters) => letters.replaceAll(' ', ''))

const spellings = new Set(forms.map((form) => form.canonical))
const byKey = new Map<string, LegalForm>()
for (const form of [...forms].sort((left, right) => Number(left.word ?? false) - Number(right.word ?? false))) {
  for (const spelling of [form.canonical, ...(form.also ?? [])]) {
    if (!byKey.has(keyOf(spelling))) byKey.set(keyOf(spelling), form)
  }
}
const wordsMax = 6

const foldedWord = (word: string) => word.toLowerCase().replace(/[.,]/gu, '')
/** All words of legal forms: where a word is none of them, no form begins or ends with it. */
const formWords: ReadonlySet<string> = new Set(
  forms.flatMap((form) =>
    [form.canonical, ...(form.also ?? [])].flatMap((spelling) => spelling.split(' ').map(foldedWord)),
  ),
)

/** Whether a word can be part of a legal form. Up to three letters may belong to one written with spaces (`s r.o.`). */
export function mayBeLegal(word: string): boolean {
  const known = judged.get(word)
  if (known !== undefined) return known
  const folded = foldedWord(word)
  const may = folded.length <= 3 || formWords.has(folded)
  if (judged.size < judgedMax && word.length <= 24) judged.set(word, may)
  return may
}

/** The last words of company names are few: what was said of one is remembered. */
const judged = new Map<string, boolean>()
const judgedMax = 4096

/** Whether the text is, letter for letter, the canonical spelling of a legal form. */
export function isCanonicalForm(text: string): boolean {
  return spellings.has(text)
}

/** Words that stay part of a legal form when it is asked for without case or dots being telling. */
export type SuffixReading = 'telling-only' | 'any'

/**
 * The legal form at the end of a cleaned name, the longest there is. With `telling-only`, a form that is also an
 * ordinary word counts only when written as a form is (dots, or capitals in a name that is not all capitals); with
 * `any`, always. Undefined when there is none or nothing would stand before it.
 */
export function readLegalSuffix(name: string, reading: SuffixReading): LegalSuffix | undefined {
  if (!mayBeLegal(/[^\s,]*$/u.exec(name)?.[0] ?? '')) return undefined
  const starts = [...name.matchAll(/(?<=[\s,])[^\s,]/gu)].map((match) => match.index).slice(-wordsMax)
  for (const start of starts) {
    if (!mayBeLegal(/^[^\s,]+/u.exec(name.slice(start))?.[0] ?? '')) continue
    const written = name.slice(start)
    const core = name.slice(0, start).replace(/[\s,;]+$/u, '')
    if (!/[\p{L}\p{N}]/u.test(core)) continue
    if (spellings.has(written)) return { canonical: written, core, written }
    const form = byKey.get(keyOf(written))
    if (form === undefined) continue
    if (form.word === true && reading === 'telling-only' && !isTelling(written, core)) continue
    return { canonical: form.canonical, core, written }
  }
  return undefined
}

function isTelling(written: string, core: string): boolean {
  if (/\p{L}\.\p{L}/u.test(written) || /^co\.$/iu.test(written)) return true
  return /\p{Lu}\P{Lu}*\p{Lu}/u.test(written) && /\p{Ll}/u.test(core)
}

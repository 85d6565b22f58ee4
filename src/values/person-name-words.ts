/** Words of personal names whose case follows a custom of their own. All lower-case, without dots. */

/** Stay lower-case between other words. */
export const nameParticles: ReadonlySet<string> = new Set([
  ...['van', 'von', 'vom', 'der', 'den', 'de', 'del', 'della', 'dello', 'degli', 'dei', 'di', 'da', 'das', 'dos'],
  ...['do', 'du', 'des', 'la', 'las', 'los', 'le', 'ter', 'te', 'ten', 'tot', 'zu', 'zum', 'zur', 'af', 'av', 'y', 'e'],
  ...['al', 'el', 'bin', 'ibn', 'bint', 'und', 'and', 'i', 'in', 't'],
])

/** Before an apostrophe: O'Brien, D'Angelo, Dell'Orto. */
export const elidedPrefixes: ReadonlySet<string> = new Set(['o', 'd', 'l', 'n', 'm', 'dell', 'dall', 'sant', 'ch'])

/** Behind a name, with their spelling. */
export const nameSuffixes: ReadonlyMap<string, string> = new Map([
  ['jr', 'Jr.'],
  ['jnr', 'Jr.'],
  ['junior', 'Junior'],
  ['sr', 'Sr.'],
  ['snr', 'Sr.'],
  ['ii', 'II'],
  ['iii', 'III'],
  ['iv', 'IV'],
  ['vi', 'VI'],
  ['vii', 'VII'],
  ['viii', 'VIII'],
])

/** Degrees and qualifications behind a name, with their spelling. */
export const nameCredentials: ReadonlyMap<string, string> = new Map([
  ['phd', 'PhD'],
  ['md', 'MD'],
  ['mba', 'MBA'],
  ['cpa', 'CPA'],
  ['cfa', 'CFA'],
  ['dds', 'DDS'],
  ['dvm', 'DVM'],
  ['esq', 'Esq.'],
  ['jd', 'JD'],
  ['rn', 'RN'],
  ['pmp', 'PMP'],
  ['mpa', 'MPA'],
  ['msc', 'MSc'],
  ['bsc', 'BSc'],
  ['llm', 'LLM'],
])

/** Before a name, with their spelling. */
export const nameTitles: ReadonlyMap<string, string> = new Map([
  ['dr', 'Dr.'],
  ['mr', 'Mr.'],
  ['mrs', 'Mrs.'],
  ['ms', 'Ms.'],
  ['mx', 'Mx.'],
  ['miss', 'Miss'],
  ['prof', 'Prof.'],
  ['professor', 'Professor'],
  ['sir', 'Sir'],
  ['dame', 'Dame'],
  ['rev', 'Rev.'],
  ['hon', 'Hon.'],
  ['herr', 'Herr'],
  ['frau', 'Frau'],
])

/** Two letters that begin a name and are initials, though they have a vowel: AJ Smith. */
export const vowelInitials: ReadonlySet<string> = new Set(['aj', 'ej', 'oj', 'aw', 'ac'])
/** Two letters that are a name, though they have no vowel. */
export const vowellessNames: ReadonlySet<string> = new Set(['ng', 'xu', 'vy', 'ly', 'ty', 'cy'])

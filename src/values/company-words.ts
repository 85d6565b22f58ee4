/** Words of company names whose case follows a custom of their own. Keys are lower-case. */

/** Written in capitals, or with the capitals given, by the companies themselves. */
export const companyAcronyms: ReadonlyMap<string, string> = new Map([
  ...[
    ...['ibm', 'sap', 'hp', 'hpe', 'ge', 'gm', 'bmw', 'vw', 'abb', 'basf', 'dhl', 'ups', 'tnt', 'ikea', 'nasa', 'bp'],
    ...[
      'aws',
      'amd',
      'att',
      'at&t',
      'h&m',
      'p&g',
      'm&a',
      'r&d',
      'c&a',
      'ey',
      'kpmg',
      'hsbc',
      'bbc',
      'cnn',
      'nbc',
      'cbs',
    ],
    ...['abc', 'mtv', 'hbo', 'ubs', 'ing', 'rwe', 'tui', 'axa', 'edf', 'bnp', 'eni', 'bt', 'bhp', 'cvs', 'kfc', 'nhs'],
    ...['usa', 'us', 'uk', 'eu', 'uae', 'nyc', 'emea', 'it', 'ai', 'hr', 'tv', 'pr', 'crm', 'erp', 'seo', 'b2b'],
    ...['ii', 'iii', 'iv', 'ict', 'iot', 'api', 'cpa', 'vc', 'diy', 'ev', 'lg', 'jbs', 'jll', 'nec', 'ntt', 'tsmc'],
  ].map((word) => [word, word.toUpperCase()] as const),
  ['pwc', 'PwC'],
  ['ebay', 'eBay'],
  ['youtube', 'YouTube'],
  ['linkedin', 'LinkedIn'],
  ['paypal', 'PayPal'],
  ['github', 'GitHub'],
  ['hubspot', 'HubSpot'],
  ['openai', 'OpenAI'],
])

/** Stay lower-case inside a name. */
export const joiningWords: ReadonlySet<string> = new Set([
  ...[
    'and',
    'of',
    'the',
    'for',
    'in',
    'on',
    'at',
    'by',
    'to',
    'de',
    'del',
    'la',
    'las',
    'los',
    'le',
    'les',
    'du',
    'des',
  ],
  ...['di', 'da', 'do', 'dos', 'das', 'e', 'y', 'et', 'und', 'für', 'van', 'von', 'der', 'den', 'och', 'og', 'en'],
])

/** Without a vowel, and yet words. */
export const shortWords: ReadonlySet<string> = new Set([
  'mr',
  'mrs',
  'ms',
  'dr',
  'st',
  'ltd',
  'pty',
  'pvt',
  'bros',
  'grp',
  'mfg',
  'mgmt',
  'intl',
  'svcs',
  'tech',
  'mc',
])

/** Words of company names, countries with their cities and phone ranges, and what companies do. */
import type { Language } from './people-words.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s*,\s*/)

/** First word of a company's name. */
export const companyStems =
  words(`Alder, Amber, Anchor, Apex, Arbor, Argon, Aspen, Atlas, Aurora, Avalon, Azure, Basalt, Beacon,
  Birch, Blackbird, Bluestone, Bramble, Brightwater, Bridgeport, Canyon, Cardinal, Cascade, Cedar, Chestnut, Cinder, Citadel,
  Clover, Cobalt, Comet, Compass, Copper, Coral, Corvid, Crescent, Crimson, Cypress, Dalton, Dawn, Delta, Dove, Driftwood,
  Dune, Eastgate, Echo, Elm, Ember, Emerald, Equinox, Everest, Evergreen, Falcon, Fathom, Fern, Fieldstone, Fjord, Flint,
  Foxglove, Frontier, Gable, Galena, Garnet, Glacier, Goldfinch, Granite, Greenway, Grove, Halcyon, Harbor, Hawthorn, Hazel,
  Heron, Highland, Hollow, Horizon, Hudson, Indigo, Ironwood, Ivory, Jasper, Juniper, Kestrel, Keystone, Kingfisher, Lantern,
  Larch, Laurel, Lighthouse, Lilac, Linden, Lumen, Lunar, Magnolia, Mallow, Maple, Marble, Marigold, Meadow, Meridian, Mesa,
  Midland, Mistral, Monarch, Moss, Mulberry, Nebula, Nectar, Northwind, Nova, Oakfield, Obsidian, Ochre, Olive, Onyx, Opal,
  Orchard, Orion, Osprey, Otter, Palisade, Paragon, Pebble, Pelican, Pendulum, Peregrine, Pinnacle, Pioneer, Plover, Polaris,
  Poplar, Prairie, Primrose, Quarry, Quartz, Quill, Rainier, Raven, Redwood, Ridgeline, Riverbend, Robin, Rowan, Saffron, Sage,
  Sandpiper, Sapphire, Sequoia, Sierra, Silverline, Skylark, Slate, Solstice, Sparrow, Spruce, Starling, Sterling, Stonebridge,
  Summit, Swift, Sycamore, Tamarack, Teal, Tempest, Thistle, Thornbury, Tidewater, Timber, Topaz, Tundra, Umber, Valley,
  Vanguard, Verdant, Vertex, Violet, Vista, Walnut, Waterford, Westbrook, Whitestone, Wildflower, Willow, Windward, Wren, Yarrow,
  Zenith, Zephyr`)

/** Second word of a company's name with the industry it tells. */
export const companyLines: readonly { readonly word: string; readonly industry: string; readonly business: string }[] =
  [
    { word: 'Analytics', industry: 'Software', business: 'B2B SaaS' },
    { word: 'Software', industry: 'Software', business: 'B2B SaaS' },
    { word: 'Cloud', industry: 'Software', business: 'B2B SaaS' },
    { word: 'Data', industry: 'Software', business: 'B2B SaaS' },
    { word: 'Robotics', industry: 'Industrial Automation', business: 'Manufacturer' },
    { word: 'Automation', industry: 'Industrial Automation', business: 'Manufacturer' },
    { word: 'Machines', industry: 'Machinery', business: 'Manufacturer' },
    { word: 'Tools', industry: 'Machinery', business: 'Manufacturer' },
    { word: 'Logistics', industry: 'Logistics', business: 'Service Provider' },
    { word: 'Freight', industry: 'Logistics', business: 'Service Provider' },
    { word: 'Shipping', industry: 'Logistics', business: 'Service Provider' },
    { word: 'Health', industry: 'Health Care', business: 'Service Provider' },
    { word: 'Diagnostics', industry: 'Health Care', business: 'Manufacturer' },
    { word: 'Therapeutics', industry: 'Biotechnology', business: 'Manufacturer' },
    { word: 'Biosciences', industry: 'Biotechnology', business: 'Manufacturer' },
    { word: 'Foods', industry: 'Food and Beverages', business: 'Manufacturer' },
    { word: 'Bakeries', industry: 'Food and Beverages', business: 'Retailer' },
    { word: 'Coffee', industry: 'Food and Beverages', business: 'Retailer' },
    { word: 'Farms', industry: 'Agriculture', business: 'Manufacturer' },
    { word: 'Energy', industry: 'Energy', business: 'Service Provider' },
    { word: 'Solar', industry: 'Energy', business: 'Manufacturer' },
    { word: 'Power', industry: 'Energy', business: 'Service Provider' },
    { word: 'Capital', industry: 'Financial Services', business: 'Service Provider' },
    { word: 'Insurance', industry: 'Financial Services', business: 'Service Provider' },
    { word: 'Payments', industry: 'Financial Services', business: 'B2B SaaS' },
    { word: 'Legal', industry: 'Legal Services', business: 'Service Provider' },
    { word: 'Consulting', industry: 'Consulting', business: 'Agency' },
    { word: 'Advisors', industry: 'Consulting', business: 'Agency' },
    { word: 'Media', industry: 'Media', business: 'Agency' },
    { word: 'Studios', industry: 'Media', business: 'Agency' },
    { word: 'Design', industry: 'Design', business: 'Agency' },
    { word: 'Interiors', industry: 'Design', business: 'Retailer' },
    { word: 'Marketing', industry: 'Marketing', business: 'Agency' },
    { word: 'Learning', industry: 'Education', business: 'B2B SaaS' },
    { word: 'Academy', industry: 'Education', business: 'Service Provider' },
    { word: 'Travel', industry: 'Travel', business: 'Service Provider' },
    { word: 'Hotels', industry: 'Hospitality', business: 'Service Provider' },
    { word: 'Outfitters', industry: 'Retail', business: 'Retailer' },
    { word: 'Apparel', industry: 'Retail', business: 'Retailer' },
    { word: 'Security', industry: 'Cyber Security', business: 'B2B SaaS' },
    { word: 'Networks', industry: 'Telecommunications', business: 'Service Provider' },
    { word: 'Wireless', industry: 'Telecommunications', business: 'Service Provider' },
    { word: 'Materials', industry: 'Chemicals', business: 'Manufacturer' },
    { word: 'Coatings', industry: 'Chemicals', business: 'Manufacturer' },
    { word: 'Construction', industry: 'Construction', business: 'Service Provider' },
    { word: 'Homes', industry: 'Real Estate', business: 'Service Provider' },
    { word: 'Properties', industry: 'Real Estate', business: 'Service Provider' },
    { word: 'Mobility', industry: 'Automotive', business: 'Manufacturer' },
    { word: 'Motors', industry: 'Automotive', business: 'Manufacturer' },
    { word: 'Staffing', industry: 'Human Resources', business: 'Agency' },
  ]

/** What goes before the stem once stem and line alone no longer give enough different names. */
export const companyPrefixes =
  words(`New, Great, Royal, United, Northern, Southern, Eastern, Western, Central, Atlantic, Pacific,
  Baltic, Nordic, Alpine, Iberian, Celtic, Global, Urban, Rural, Coastal, Prime, First, Next, Open, Clear, Bright, True, Grand,
  Little, Modern, Old Town, Upper, Lower, Inner, Free, Smart, Pure, Blue, Green, Golden, Silver, Red, White, Black, Twin, Seven,
  Three, Nine, Hundred, Union, Metro, Capital City, Lakeside, Hilltop, Riverside, Seaside, Bayside, Parkside, Sunny, Polar,
  Desert, Tropic, Arctic, Southeast, Northeast, Southwest, Northwest, Mid-Coast, Harborside, Countryside, Crossroads, Main Street,
  Third Street, Fifth Avenue, Market Square, Old Mill, New Bridge, High Street, Stone Gate, Iron Bridge, Garden City, Castle Hill,
  Spring Lake, Silver Lake, Clear Creek, Cold Spring, Fair Haven, Long Valley, Broad Oak, Red Rock, White Sands, Green Valley,
  Blue Ridge, Black Forest, Golden Gate, Twin Peaks, Seven Hills, Three Rivers, Five Points, Four Corners, Summer, Winter, Autumn,
  Spring, Morning, Evening, Midnight, Daylight, Sunrise, Sunset, Moonrise, Starlight, Mainland, Island, Peninsula, Delta City,
  Old Harbor, New Harbor, East Bay, West Bay`)

export interface Country {
  readonly language: Language
  readonly name: string
  readonly cities: readonly string[]
  /** Legal suffixes in their usual spelling. */
  readonly suffixes: readonly string[]
  readonly linkedinHost: string
  /** International prefixes of mobile or city numbers and how many digits follow. */
  readonly phone: { readonly prefixes: readonly string[]; readonly digits: 7 | 8 }
}

const country = (
  name: string,
  language: Language,
  linkedinHost: string,
  cities: string,
  suffixes: string,
  prefixes: string,
  digits: 7 | 8 = 7,
): Country => ({
  name,
  language,
  linkedinHost,
  cities: words(cities),
  suffixes: suffixes === '' ? [] : suffixes.split('|'),
  phone: { prefixes: words(prefixes), digits },
})

/** The first one is drawn most often, as in the lists of a firm that sells at home first. */
export const countries: readonly Country[] = [
  country(
    'USA',
    'english',
    'www',
    'New York, Chicago, San Francisco, Boston, Seattle, Austin, Denver, Atlanta, Miami, Portland',
    'Inc.|LLC|Corp.',
    `+1212, +1312, +1415, +1617, +1206, +1512, +1303, +1404, +1305, +1702, +1713, +1214, +1602, +1619, +1503, +1615, +1919,
      +1704, +1813, +1614`,
  ),
  country(
    'Canada',
    'english',
    'ca',
    'Toronto, Vancouver, Montréal, Calgary',
    'Inc.|Corp.',
    '+1416, +1604, +1514, +1403, +1613',
  ),
  country('United Kingdom', 'english', 'uk', 'London, Manchester, Bristol, Leeds, Edinburgh', 'Ltd.', '+4474', 8),
  country('Ireland', 'english', 'ie', 'Dublin, Cork, Galway', 'Ltd.', '+35386, +35387'),
  country('Australia', 'english', 'au', 'Sydney, Melbourne, Brisbane, Perth', '', '+6140, +6141, +6142, +6143'),
  country('Germany', 'german', 'de', 'Berlin, Hamburg, München, Köln, Leipzig', 'GmbH|AG', '+49151, +49176', 8),
  country('France', 'french', 'fr', 'Paris, Lyon, Nantes, Toulouse', '', '+3361, +3366'),
  country('Spain', 'spanish', 'es', 'Madrid, Barcelona, Valencia, Sevilla', '', '+346', 8),
  country('Mexico', 'spanish', 'mx', 'Ciudad de México, Monterrey', '', '+5255, +5281', 8),
  country('Italy', 'italian', 'it', 'Milano, Torino, Bologna, Roma', '', '+39328, +39333, +39338, +39340, +39347'),
  country('Netherlands', 'dutch', 'nl', 'Amsterdam, Rotterdam, Utrecht, Eindhoven', '', '+3161, +3162, +3164'),
  country('Sweden', 'nordic', 'se', 'Stockholm, Göteborg, Malmö', 'AB', '+4670, +4672, +4673, +4676'),
  country('Poland', 'polish', 'pl', 'Warszawa, Kraków, Wrocław, Gdańsk', '', '+4850, +4851, +4860, +4866, +4878'),
  country('India', 'indian', 'in', 'Bengaluru, Mumbai, Pune, Hyderabad, Chennai', '', '+9197, +9198, +9199', 8),
  country('Japan', 'japanese', 'jp', 'Tokyo, Osaka, Nagoya, Fukuoka', '', '+8180', 8),
  country('Brazil', 'portuguese', 'br', 'São Paulo, Rio de Janeiro, Belo Horizonte', '', '+55119, +55219, +55319', 8),
  country('Nigeria', 'yoruba', 'ng', 'Lagos, Abuja, Ibadan', 'Ltd.', '+234803, +234805, +234806, +234813'),
  country('United Arab Emirates', 'arabic', 'ae', 'Dubai, Abu Dhabi, Sharjah', '', '+97150, +97152, +97155'),
  country('Vietnam', 'vietnamese', 'vn', 'Hà Nội, Đà Nẵng, Cần Thơ', '', '+8490, +8491, +8498'),
]

export const companySizes = ['1-10', '11-50', '51-200', '201-500', '501-1000', '1001-5000', '5001+'] as const

/** What people do, as they write it on their profile. */
export const titles = words(`Chief Executive Officer, Founder, Co-Founder, Managing Director, Chief Operating Officer,
  Chief Technology Officer, Chief Financial Officer, Chief Marketing Officer, Chief Revenue Officer, Vice President of Sales,
  Vice President of Marketing, Vice President of Engineering, Vice President of Operations, Head of Growth, Head of Partnerships,
  Head of Procurement, Head of People, Head of Customer Success, Head of Product, Director of Sales, Director of Marketing,
  Director of Operations, Director of Information Technology, Director of Business Development, Sales Manager, Marketing Manager,
  Product Manager, Operations Manager, Account Executive, Senior Account Executive, Business Development Manager, Office Manager,
  Procurement Manager, Supply Chain Manager, Data Engineer, Software Engineer, Solutions Architect, Demand Generation Manager,
  Content Strategist, Revenue Operations Manager, General Manager, Regional Manager`)

/** Where a lead came from, as the agents write it. */
export const sourceSystems = [
  '4runr-lead-scraper',
  '4runr-outreach-system',
  '4runr-agents',
  'airtable',
  'manual',
] as const

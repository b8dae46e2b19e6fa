import { assigned, type SecretRule, token } from './rule.ts'

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

/** `SK` alone begins too many words to be worth a look. */
const twilioBeginnings = Array.from({ length: 256 }, (_, byte) => `sk${byte.toString(16).padStart(2, '0')}`)

/** Services whose keys look like any other: a random value that is assigned to their name is one. */
const vendors =
  `adobe artifactory bittrex bugsnag coinbase drone etsy finicity finnhub flickr freemius gitter gocardless jfrog kraken kucoin lob looker
  mattermost messagebird mixpanel nytimes opsgenie pagerduty plaid privateai rollbar segment sendbird squarespace trello twitch`.split(
    /\s+/,
  )

/** Messaging, mail, payment, shops and other services. */
export const services: readonly SecretRule[] = [
  token('slack-bot-token', 'xoxb-', '[0-9]{10,13}-[0-9]{10,13}(?:-[A-Za-z0-9-]{10,64})?', { entropy: 2.8 }),
  token(
    'slack-user-token',
    ['xoxp-', 'xoxe-', 'xoxs-', 'xoxo-'],
    '[0-9]{10,13}-[0-9]{10,13}(?:-[0-9]{10,13})?-[A-Za-z0-9]{10,64}',
    { reject: secret => !/[a-z]/i.test(secret.slice(5)) },
  ),
  token('slack-legacy-token', ['xoxa-', 'xoxr-', 'xoxb-'], '(?:[0-9]-)?[0-9A-Za-z]{8,48}-[0-9A-Za-z]{18,48}', {
    entropy: 3.3,
  }),
  token('slack-configuration-token', ['xoxe.xoxp-', 'xoxe.xoxb-', 'xoxe-'], '[0-9]-[A-Za-z0-9]{140,180}', {
    ignoreCase: true,
  }),
  token('slack-app-token', 'xapp-', '[0-9]-[A-Z0-9]{8,14}-[0-9]{10,14}-[a-z0-9]{32,128}', { ignoreCase: true }),
  token('slack-webhook', 'hooks.slack.com/', '(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,80}', { entropy: 3 }),
  token(
    'microsoft-teams-webhook',
    'webhook.office.com/webhookb2/',
    '[a-z0-9@-]{60,90}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9-]{30,40}',
  ),
  token(
    'discord-webhook',
    ['discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    '[0-9]{16,20}/[A-Za-z0-9_-]{60,72}',
  ),
  {
    name: 'discord-bot-token',
    literals: ['discord'],
    pattern:
      /discord[\w .-]{0,24}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38})/iy,
    entropy: 3.5,
  },
  assigned('discord-secret', 'discord', '[a-f0-9]{64}|[a-z0-9_=-]{32}', 3.3),
  {
    name: 'telegram-bot-token',
    literals: [':aa'],
    back: 10,
    pattern: /(?<![0-9])[0-9]{10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
    entropy: 3.3,
  },
  {
    name: 'telegram-bot-token',
    literals: [':aa'],
    back: 9,
    pattern: /(?<![0-9])[0-9]{9}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/y,
    entropy: 3.3,
  },
  token('stripe-key', ['sk_live_', 'sk_test_', 'sk_prod_', 'rk_live_', 'rk_test_', 'rk_prod_'], '[A-Za-z0-9]{10,247}'),
  token('stripe-webhook-secret', 'whsec_', '[A-Za-z0-9+/]{32,64}'),
  token('square-token', ['sq0atp-', 'sq0csp-', 'sq0idp-'], '[A-Za-z0-9_-]{22,43}'),
  token('square-token', 'EAAA', '[A-Za-z0-9_-]{60}', { entropy: 3.5 }),
  token('paypal-braintree-token', 'access_token$production$', '[0-9a-z]{16}\\$[0-9a-f]{32}'),
  token('plaid-token', ['access-sandbox-', 'access-development-', 'access-production-'], uuid),
  token('flutterwave-key', ['FLWSECK_TEST-', 'FLWSECK-', 'FLWPUBK_TEST-'], '[A-Za-z0-9-]{12,40}'),
  token('razorpay-key', ['rzp_live_', 'rzp_test_'], '[A-Za-z0-9]{14}', { entropy: 2.8 }),
  token('shopify-token', ['shpat_', 'shpca_', 'shppa_', 'shpss_'], '[a-fA-F0-9]{32}'),
  token('sendgrid-key', 'SG.', '[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  token('sendinblue-key', 'xkeysib-', '[a-f0-9]{64}-[A-Za-z0-9]{16}'),
  token('mailgun-key', 'key-', '[a-f0-9]{32}', { entropy: 3.3 }),
  {
    name: 'mailchimp-key',
    literals: ['-us1', '-us2', '-us3', '-us4', '-us5', '-us6', '-us7', '-us8', '-us9'],
    back: 32,
    pattern: /(?<![0-9a-z])[0-9a-f]{32}-us[0-9]{1,2}(?![0-9a-z])/y,
    entropy: 3,
  },
  token('postmark-token', 'x-postmark-server-token: ', uuid),
  assigned('resend-api-key', 'resend', 're_[a-z0-9]{8}_[a-z0-9]{24}'),
  {
    name: 'twilio-api-key',
    literals: twilioBeginnings,
    pattern: /(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])/y,
    entropy: 3.2,
  },
  assigned('twilio-auth-token', 'twilio', '[0-9a-f]{32}'),
  assigned('vonage-secret', 'nexmo', '[a-z0-9]{16}'),
  token('facebook-token', ['EAACEdEose0cBA', 'EAAM', 'EAAC', 'EAAB', 'EAAG', 'EAAE'], '[A-Za-z0-9]{90,400}', {
    entropy: 4,
  }),
  {
    name: 'facebook-access-token',
    literals: ['facebook', 'fb_'],
    pattern:
      /(?:facebook|fb_)[\w .-]{0,32}\\?["']?\s{0,4}[=: ]\s{0,4}\\?["']?([0-9]{15,16}(?:\||%7c)[\w-]{27,40}|[a-f0-9]{32})(?!\w)/iy,
    entropy: 3,
  },
  token('facebook-page-token', 'EAACEdEose0cBA', '[A-Za-z0-9]{20,400}', { entropy: 4 }),
  token('twitter-bearer-token', 'AAAAAAAAAAAAAAAAAAAAA', '[A-Za-z0-9%]{60,120}', { entropy: 3.3 }),
  assigned(
    'twitter-secret',
    'twitter',
    '[a-z0-9]{45,50}|[a-z0-9]{35,44}|[0-9]{15,25}-[a-z0-9]{20,40}|[a-z0-9]{25}',
    3.5,
  ),
  token('linkedin-secret', 'WPL_AP1.', '[A-Za-z0-9]{16}\\.[A-Za-z0-9+/=]{8}'),
  assigned('linkedin-secret', 'linkedin', '[a-z0-9]{16}|[a-z0-9]{14}', 3.2),
  token('dropbox-token', 'sl.', '[A-Za-z0-9_=-]{130,1400}', { entropy: 4 }),
  assigned('dropbox-secret', 'dropbox', '[a-z0-9]{15}|[a-z0-9]{11}AAAAAAAAAA[a-z0-9_=-]{43}', 3),
  assigned('asana-secret', 'asana', '[a-z0-9]{32}|[12]/[0-9]{16}(?:/[0-9]{16})?:[a-f0-9]{32}', 3.2),
  assigned('okta-token', 'okta', '00[\\w=-]{40}', 4),
  assigned('algolia-key', 'algolia', '[a-z0-9]{32}', 3.3),
  token('typeform-token', 'tfp_', '[A-Za-z0-9_.=-]{40,64}'),
  token('contentful-token', 'CFPAT-', '[A-Za-z0-9_-]{43}'),
  assigned('contentful-token', 'contentful', '[a-z0-9_-]{43}', 3.5),
  token('hubspot-token', ['pat-na1-', 'pat-eu1-', 'pat-na2-'], uuid),
  assigned('hubspot-key', 'hubspot', uuid),
  assigned('intercom-key', 'intercom', '[a-z0-9=_-]{60}', 3.5),
  assigned('zendesk-secret', 'zendesk', '[a-z0-9]{40}', 3.5),
  assigned('freshbooks-token', 'freshbooks', '[a-z0-9]{64}', 3.5),
  assigned('beamer-token', 'beamer', 'b_[a-z0-9=_-]{44}'),
  assigned('launchdarkly-token', 'launchdarkly', '[a-z0-9=_-]{40}', 3.3),
  assigned('confluent-secret', 'confluent', '[a-z0-9]{64}|[a-z0-9]{16}', 3.3),
  assigned('mapbox-token', 'mapbox', 'sk\\.[a-z0-9]{60}\\.[a-z0-9]{22}'),
  token('mapbox-token', 'sk.eyJ', '[A-Za-z0-9_-]{55,90}\\.[A-Za-z0-9_-]{22}'),
  assigned('rapidapi-token', 'rapidapi', '[a-z0-9_-]{50}', 3.5),
  assigned('sumologic-secret', 'sumo', 'su[a-z0-9]{12}|[a-z0-9]{64}', 3),
  assigned('meraki-key', 'meraki', '[0-9a-f]{40}'),
  token('easypost-token', ['EZAK', 'EZTK'], '[A-Za-z0-9]{54}'),
  token('shippo-token', ['shippo_live_', 'shippo_test_'], '[a-f0-9]{40}'),
  token('duffel-token', ['duffel_test_', 'duffel_live_'], '[A-Za-z0-9_=-]{43}'),
  token('frameio-token', 'fio-u-', '[A-Za-z0-9_=-]{64}'),
  token('clickhouse-cloud-secret', '4b1d', '[A-Za-z0-9]{38}', { entropy: 3 }),
  token('intra42-client-secret', ['s-s4t2ud-', 's-s4t2af-'], '[a-f0-9]{64}'),
  token('settlemint-token', ['sm_pat_', 'sm_aat_', 'sm_sat_'], '[A-Za-z0-9]{16}'),
  token('adobe-client-secret', 'p8e-', '[A-Za-z0-9]{32}'),
  token('adafruit-key', 'aio_', '[A-Za-z0-9]{28}', { entropy: 3.3 }),
  token('microsoft-bot-secret', 'MRRA', '[A-Za-z0-9]{40}', { entropy: 3.5 }),
  {
    name: 'sidekiq-credential',
    literals: ['sidekiq', 'bundle_'],
    pattern: /[\w.-]{0,60}\\?["']?\s{0,4}[=:]\s{0,4}\\?["']?([a-f0-9]{8}:[a-f0-9]{8})(?!\w)/iy,
  },
  token('defined-networking-token', 'dnkey-', '[A-Za-z0-9=_-]{26}-[A-Za-z0-9=_-]{52}'),
  token('endor-labs-key', 'endr+', '[A-Za-z0-9-]{16}'),
  token(
    'authress-key',
    ['scauth_', 'authress_'],
    '[a-z0-9]{5,30}\\.[a-z0-9]{4,6}\\.acc[_-][a-z0-9-]{10,32}\\.[a-z0-9+/_=-]{30,120}',
    {
      ignoreCase: true,
    },
  ),
  {
    name: 'maxmind-license-key',
    literals: ['_mmk'],
    back: 36,
    pattern: /(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?![A-Za-z0-9])/y,
    entropy: 3.5,
  },
  assigned('vendor-secret', vendors, '[a-z0-9_=/+-]{20,90}', 3.6),
]

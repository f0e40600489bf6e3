"""The services of a house by name, so that a test names what it tries and not the room in which it stands."""

from idp.server.house import House


class Services:
    """Of a house, started or not."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings, self.base, self.start, self.stop = house.settings, house.base, house.start, house.stop
        ground = house.ground
        self.site, self.http, self.outbox = ground.site, ground.http, ground.outbox
        self.messages, self.periodic, self.revisions = ground.messages, ground.periodic, ground.revisions
        self.mark, self.attempts = ground.mark, ground.attempts
        self.refusals, self.sealer = house.audit.refusals, house.audit.sealer
        self.keys = house.keys.ring
        accounts = house.accounts
        self.hasher, self.notices, self.phones = accounts.hasher, accounts.notices, accounts.phones
        self.preferences, self.corrections = accounts.preferences, accounts.corrections
        self.former_contacts, self.real_names = accounts.former_contacts, accounts.real_names
        self.verification, self.merges = accounts.verification, accounts.merges
        self.lifecycle = accounts.lifecycle
        self.registry = house.relying_parties.registry
        self.sessions, self.devices = house.sessions.sessions, house.sessions.devices
        self.session_lifetimes = house.sessions.lifetimes
        organizations = house.organizations
        self.divisions, self.roles = organizations.divisions, organizations.roles
        self.organizations, self.mandates = organizations.organizations, organizations.mandates
        self.guardians = organizations.guardians
        self.federation, self.links = house.federation.federation, house.federation.links
        self.upstream_http, self.platforms = house.federation.http, house.federation.platforms
        authentication = house.authentication
        self.phone_codes, self.passkeys = authentication.phone_codes, authentication.passkeys
        self.ways, self.login_flow = authentication.ways, authentication.login_flow
        self.throttle, self.factor_policy = authentication.throttle, authentication.policy
        self.reception = authentication.reception
        self.authentication, self.qr_logins = authentication.authentication, authentication.qr_logins
        self.factors, self.own_password = authentication.factors, authentication.own_password
        self.acting, self.sign_on = house.sign_on.acting, house.sign_on.sign_on
        self.protocols, self.sign_on_pages = house.sign_on.protocols, house.sign_on.pages
        self.lifetimes, self.sweeper = house.oauth.lifetimes, house.oauth.sweeper
        self.counter, self.account_requests = house.counter.counter, house.counter.account_requests
        centre = house.selfservice
        self.profiles, self.systems = centre.profiles, centre.systems
        self.events, self.export = centre.events, centre.export

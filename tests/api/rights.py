"""The table of rights: what each method of the API asks of its caller. A method without a row is a test that fails."""

READ, WRITE, ADMIN, INSTALLATION = "READ", "WRITE", "ADMIN", "INSTALLATION"
"""Scopes; the last is that of the installation's admin token alone."""

RIGHTS = {
    "BroadcastService": {
        "ListBroadcasts": READ,
        "GetBroadcast": READ,
    },
    "LivestreamService": {
        "CreateLivestream": WRITE,
        "GetLivestream": READ,
        "ListLivestreams": READ,
        "UpdateLivestream": WRITE,
        "DeleteLivestream": WRITE,
        "ActivateLivestream": WRITE,
        "IdleLivestream": WRITE,
        "PublishLivestream": WRITE,
        "CompleteLivestream": WRITE,
        "EnableLivestream": WRITE,
        "DisableLivestream": WRITE,
        "RotateKeys": WRITE,
        "ListHistory": READ,
        "GetThumbnail": READ,
        "UpdateThumbnail": WRITE,
        "DeleteThumbnail": WRITE,
    },
    "MediaService": {
        "ListMedia": READ,
        "GetMedia": READ,
        "UpdateMedia": WRITE,
        "DeleteMedia": WRITE,
        "CreateDownload": WRITE,
        "ListDownloads": READ,
        "DeleteDownload": WRITE,
        "RestoreMedia": WRITE,
        "ClipMedia": WRITE,
        "ListCaptions": READ,
        "GetCaption": READ,
        "UpdateCaption": WRITE,
        "DeleteCaption": WRITE,
    },
    "OutputService": {
        "CreateOutput": WRITE,
        "ListOutputs": READ,
        "GetOutput": READ,
        "UpdateOutput": WRITE,
        "DeleteOutput": WRITE,
    },
    "SessionService": {
        "ListSessions": READ,
        "GetSession": READ,
        "GetUsage": READ,
    },
    "SigningKeyService": {
        "CreateSigningKey": WRITE,
        "ListSigningKeys": READ,
        "DeleteSigningKey": WRITE,
        "CreatePlaybackToken": WRITE,
    },
    "StatisticsService": {
        "GetStatistics": READ,
        "ListSamples": READ,
    },
    "TenantService": {
        "CreateTenant": INSTALLATION,
        "GetTenant": INSTALLATION,
        "ListTenants": INSTALLATION,
        "UpdateTenant": INSTALLATION,
        "DeleteTenant": INSTALLATION,
    },
    "AppService": {
        "CreateApp": WRITE,
        "GetApp": READ,
        "ListApps": READ,
        "DeleteApp": WRITE,
    },
    "TokenService": {
        "CreateToken": ADMIN,
        "ListTokens": ADMIN,
        "DeleteToken": ADMIN,
    },
    "WebhookService": {
        "CreateWebhook": WRITE,
        "GetWebhook": READ,
        "ListWebhooks": READ,
        "UpdateWebhook": WRITE,
        "DeleteWebhook": WRITE,
        "PingWebhook": WRITE,
        "ListDeliveries": READ,
        "ResendDelivery": WRITE,
    },
}

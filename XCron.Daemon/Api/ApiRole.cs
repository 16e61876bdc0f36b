namespace XCron.Daemon.Api;

/// <summary>What a key may do; each may do all that the one before it may.</summary>
internal enum ApiRole
{
    /// <summary>Needs no key.</summary>
    None = 0,

    Read = 1,

    Write = 2,

    Admin = 3,
}

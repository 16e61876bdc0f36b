namespace XCron.Daemon.Tls;

/// <summary>What is said about certificates. Event ids 4100 to 4149.</summary>
internal static partial class TlsTrace
{
    public const string Category = "XCron.Tls";

    [LoggerMessage(4100, LogLevel.Warning,
        "A connection of {Remote} to peer_port is refused: its certificate ({Subject}, issued by {Issuer}) is not "
        + "accepted, since {Objection}")]
    public static partial void CallerRefused(
        ILogger logger, string remote, string subject, string issuer, string objection);

    [LoggerMessage(4101, LogLevel.Warning,
        "A connection of {Remote} to peer_port is refused: it shows no certificate. Its [tls] peer_cert, peer_key and "
        + "peer_ca must be set as on the other nodes")]
    public static partial void CallerWithoutCertificate(ILogger logger, string remote);

    [LoggerMessage(4102, LogLevel.Warning,
        "A connection of {Remote} to peer_port is refused: it does not speak TLS. Its [tls] peer_cert, peer_key and "
        + "peer_ca must be set as on the other nodes")]
    public static partial void CallerWithoutTls(ILogger logger, string remote);

    [LoggerMessage(4103, LogLevel.Warning,
        "A peer that was called is refused: its certificate ({Subject}, issued by {Issuer}) is not accepted, since "
        + "{Objection}")]
    public static partial void CalledRefused(ILogger logger, string subject, string issuer, string objection);

    [LoggerMessage(4104, LogLevel.Information,
        "New certificate for {Port} ({Subject}, until {NotAfter:u}): from now on connections are made with it")]
    public static partial void Changed(ILogger logger, string port, string subject, DateTime notAfter);

    [LoggerMessage(4105, LogLevel.Error,
        "The new certificate files for {Port} are not taken, the last good ones are used: {Reason}")]
    public static partial void ChangeRefused(ILogger logger, string port, string reason);
}

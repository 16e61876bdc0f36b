using System.Text.RegularExpressions;

namespace XCron.Daemon.Configuration;

/// <summary>Settings of the environment: XCRON_HTTP_PORT is http_port, XCRON_PEER__SELF is [peer] self.</summary>
internal static partial class EnvironmentSettings
{
    public const string Prefix = "XCRON_";

    /// <summary>Names the file; not a setting itself.</summary>
    public const string FileVariable = Prefix + "CONF";

    /// <summary>In the order of their names, so that messages have an order too.</summary>
    public static IReadOnlyList<Setting> Read(IReadOnlyDictionary<string, string> environment) =>
    [
        .. from variable in environment
           where variable.Key.StartsWith(Prefix, StringComparison.Ordinal) && variable.Key != FileVariable
           let path = variable.Key[Prefix.Length..].ToLowerInvariant().Replace("__", ".")
           where !IsServiceLink(variable.Key, variable.Value, path)
           orderby variable.Key
           select new Setting(
               path, RawValue.Untyped(variable.Value), SettingOrigin.Environment, $"environment {variable.Key}"),
    ];

    /// <summary>
    /// What Kubernetes puts into every container of a namespace that has a service named xcron or xcron-…: nobody's
    /// mistake, so it must not stop a start. A service xcron-http even makes XCRON_HTTP_PORT, a "tcp://…".
    /// </summary>
    private static bool IsServiceLink(string name, string value, string path)
    {
        // XCRON_X_PORT alone may also be a misspelt setting; a service's is an address.
        var isAddress = value.Contains("://", StringComparison.Ordinal);
        return ServiceLink().IsMatch(name)
            ? ConfigurationKeys.Find(path) is null || isAddress
            : name.EndsWith("_PORT", StringComparison.Ordinal) && isAddress;
    }

    [GeneratedRegex(@"_SERVICE_(HOST|PORT(_\w+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$")]
    private static partial Regex ServiceLink();
}

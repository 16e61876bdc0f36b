using XCron.Daemon.Tls;
using static XCron.Daemon.Configuration.ConfigurationKeys;

namespace XCron.Daemon.Configuration;

/// <summary>Reads the files of [tls] once before anything starts, so that a wrong one is a wrong setting.</summary>
internal static class TlsRules
{
    private static readonly TypedKey<string>[] PeerKeys = [PeerCert, PeerKey, PeerCa];
    private static readonly TypedKey<string>[] HttpKeys = [HttpCert, HttpKey];

    public static TlsSection Read(ConfigurationValues values, string workingDirectory, List<string> errors)
    {
        var peer = PathsOf(PeerKeys, values, workingDirectory, errors) is [var cert, var key, var authority]
            ? new PeerTlsFiles(cert, key, authority)
            : null;
        var http = PathsOf(HttpKeys, values, workingDirectory, errors) is [var httpCert, var httpKey]
            ? new HttpTlsFiles(httpCert, httpKey)
            : null;
        if (peer is not null)
            Try(() => PeerCredentials.Read(peer), PeerKeys, values, errors);
        if (http is not null)
            Try(() => KeyedCertificate.Read(http.Certificate, http.Key), HttpKeys, values, errors);
        return new TlsSection { Peer = peer, Http = http };
    }

    /// <summary>Null where none is given; half of them is an error.</summary>
    private static string[]? PathsOf(
        TypedKey<string>[] keys, ConfigurationValues values, string workingDirectory, List<string> errors)
    {
        var given = keys.Where(key => values.Get(key).Length > 0).ToArray();
        if (given.Length == 0)
            return null;
        if (given.Length == keys.Length)
            return Array.ConvertAll(keys, key => Path.GetFullPath(values.Get(key), workingDirectory));

        var missing = string.Join(" and ", keys.Except(given).Select(key => key.Name));
        var first = given[0];
        errors.Add(
            $"{values.WhereFirst(first)}: {first.Label} is \"{values.Get(first)}\"; must come with {missing}.");
        return null;
    }

    private static void Try(
        Action read, TypedKey<string>[] keys, ConfigurationValues values, List<string> errors)
    {
        try
        {
            read();
        }
        catch (CertificateFileException wrong)
        {
            var key = keys[(int)wrong.File];
            errors.Add($"{values.WhereFirst(key)}: {key.Label} is \"{values.Get(key)}\"; {wrong.Message}.");
        }
    }
}

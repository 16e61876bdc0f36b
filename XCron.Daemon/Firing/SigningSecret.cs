using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace XCron.Daemon.Firing;

/// <summary>
/// A secret that callbacks are signed with, as the Standard Webhooks specification has it: "whsec_" and the base64 of
/// 24 to 64 bytes. Never shows itself.
/// </summary>
internal sealed class SigningSecret : IEquatable<SigningSecret>
{
    public const string Expectation = "\"whsec_\" and the base64 of 24 to 64 random bytes";

    private const string Prefix = "whsec_";
    private const int MinBytes = 24;
    private const int MaxBytes = 64;

    private readonly byte[] _key;

    private SigningSecret(byte[] key) => _key = key;

    public static bool TryParse(string text, [NotNullWhen(true)] out SigningSecret? secret)
    {
        secret = null;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || !Base64.IsValid(text.AsSpan(Prefix.Length)))
            return false;
        var key = Convert.FromBase64String(text[Prefix.Length..]);
        if (key.Length is >= MinBytes and <= MaxBytes)
            secret = new SigningSecret(key);
        return secret is not null;
    }

    /// <summary>"v1," and the base64 of the HMAC-SHA256 over "id.timestamp.body".</summary>
    public string Sign(string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(Encoding.ASCII.GetBytes($"{id}.{timestamp}."));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }

    public bool Equals(SigningSecret? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(_key, other._key);

    public override bool Equals(object? other) => Equals(other as SigningSecret);

    public override int GetHashCode() => _key.Length;

    public override string ToString() => $"{Prefix}…";
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace XCron.Daemon.Api;

/// <summary>A key as the configuration has it: a role and the key's SHA-256, written "read:sha256:HEX".</summary>
internal sealed record ApiKeyHash
{
    /// <summary>What a key that somebody chose must have at least: a shorter one can be guessed by its hash.</summary>
    public const int MinKeyLength = 20;

    private const string Algorithm = "sha256:";
    private const int RandomBytes = 32;

    private readonly byte[] _bytes;

    private ApiKeyHash(ApiRole role, string hex)
    {
        (Role, Hex) = (role, hex);
        _bytes = Convert.FromHexString(hex);
    }

    public ApiRole Role { get; }

    /// <summary>64 digits in lower case.</summary>
    public string Hex { get; }

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool Equals(ApiKeyHash? other) => other is not null && Role == other.Role && Hex == other.Hex;

    public override int GetHashCode() => HashCode.Combine(Role, Hex);

    public static bool TryParse(string text, [NotNullWhen(true)] out ApiKeyHash? hash)
    {
        hash = null;
        foreach (var role in (ReadOnlySpan<ApiRole>)[ApiRole.Read, ApiRole.Write, ApiRole.Admin])
        {
            var prefix = $"{ApiKeys.Name(role)}:{Algorithm}";
            if (!text.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            var hex = text[prefix.Length..].ToLowerInvariant();
            if (hex.Length == 2 * SHA256.HashSizeInBytes && hex.All(char.IsAsciiHexDigitLower))
                hash = new ApiKeyHash(role, hex);
        }

        return hash is not null;
    }

    /// <summary>"sha256:HEX", to follow a role.</summary>
    public static string Hash(string key) =>
        Algorithm + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>A new key of 256 random bits.</summary>
    public static string NewKey() => $"xcron_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}";

    /// <summary>As the configuration has it.</summary>
    public override string ToString() => $"{ApiKeys.Name(Role)}:{Algorithm}{Hex}";
}

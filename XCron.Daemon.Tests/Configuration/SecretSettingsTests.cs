using XCron.Daemon.Api;
using XCron.Daemon.Configuration;

namespace XCron.Daemon.Tests.Configuration;

internal sealed class SecretSettingsTests
{
    private const string Hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Test]
    public void Keys_and_secrets_are_read_from_file_and_environment()
    {
        using var configuration = new LoadedConfiguration()
            .WithFile($"[auth]\napi_keys = [\"read:sha256:{Hex}\", \"admin:sha256:{Hex}\"]\n")
            .WithVariable("XCRON_CALLBACK__SIGNING_SECRETS", $"{Secret}, {Secret}AAAA");

        var options = configuration.Options();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                options.Auth.ApiKeys.Select(key => key.Role), Is.EqualTo((ApiRole[])[ApiRole.Read, ApiRole.Admin]));
            Assert.That(options.Callback.SigningSecrets, Has.Count.EqualTo(2));
        }
    }

    [TestCase("auth.api_keys", "my-plain-key-0123456789")]
    [TestCase("auth.api_keys", "read:sha256:" + Hex + ",read:sha256:" + Hex)]
    [TestCase("callback.signing_secrets", "my-plain-key-0123456789")]
    [TestCase("callback.signing_secrets", Secret + "," + Secret)]
    [TestCase("callback.signing_secrets", Secret + "," + Secret + "AAAA," + Secret + "BBBB")]
    public void A_wrong_one_is_refused_without_being_shown(string key, string value)
    {
        using var configuration = new LoadedConfiguration();

        var error = configuration.Error($"--{key}", value);

        Assert.That(error, Does.StartWith($"option --{key}: ").And.Contain(" must be a list of at most "));
        Assert.That(error, Does.Not.Contain("0123456789").And.Not.Contain(Hex).And.Not.Contain(Secret));
    }

    [Test]
    public void A_given_key_is_hashed()
    {
        var printed = (ConfigurationOutcome.Print)KeyHasher.Hash(" a-key-that-somebody-chose \n");

        Assert.That(printed.Text, Is.EqualTo($"hash: {ApiKeyHash.Hash("a-key-that-somebody-chose")}\n"));
    }

    [TestCase(null)]
    [TestCase("")]
    public void Without_a_key_a_new_one_is_made(string? line)
    {
        var words = ((ConfigurationOutcome.Print)KeyHasher.Hash(line)).Text.Split((char[])[' ', '\n']);

        Assert.That(ApiKeyHash.Hash(words[2]), Is.EqualTo(words[4]));
    }

    [TestCase("short")]
    [TestCase("a key with spaces in it, long")]
    public void A_key_that_can_be_guessed_or_not_sent_is_refused(string key)
    {
        var outcome = KeyHasher.Hash(key);

        Assert.That(outcome, Is.InstanceOf<ConfigurationOutcome.Refused>());
        Assert.That(((ConfigurationOutcome.Refused)outcome).Message, Does.Not.Contain(key));
    }
}

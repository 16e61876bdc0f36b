using System.Security.Cryptography;
using System.Text;
using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class ApiKeysTests
{
    private const string ReadKey = "read-key-0123456789abcdef";
    private const string WriteKey = "write-key-0123456789abcdef";
    private const string AdminKey = "admin-key-0123456789abcdef";
    private const string Create = """{"type":2,"format":"+30m","callback":{"url":"http://a.test/x"}}""";

    private ApiHost _host = null!;

    [SetUp]
    public void SetUp() => _host = new ApiHost(keys: new ApiKeys(
        [Hash("read", ReadKey), Hash("write", WriteKey), Hash("admin", AdminKey)]));

    [TestCase(null, null, 1060)]
    [TestCase("Authorization", "Bearer " + ReadKey, 0)]
    [TestCase("Authorization", "bearer  " + ReadKey + " ", 0)]
    [TestCase("X-Api-Key", ReadKey, 0)]
    [TestCase("x-api-key", AdminKey, 0)]
    [TestCase("X-Api-Key", "", 1060)]
    [TestCase("X-Api-Key", "Bearer " + ReadKey, 1060)]
    [TestCase("X-Api-Key", ReadKey + "0", 1060)]
    [TestCase("Authorization", "Bearer", 1060)]
    [TestCase("Authorization", "Bearer ", 1060)]
    [TestCase("Authorization", ReadKey, 1060)]
    [TestCase("Authorization", "Basic " + ReadKey, 1060)]
    public async Task A_key_opens_in_either_header(string? header, string? value, int code)
    {
        var context = ApiHost.Request("GET", "/xcron/stats");
        if (header is not null)
            context.Request.Headers[header] = value;

        var answer = await _host.SendAsync(context);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Code, Is.EqualTo(code));
            Assert.That(answer.Status, Is.EqualTo(code == 0 ? 200 : 401));
            Assert.That(answer.Headers.GetValueOrDefault("WWW-Authenticate"), Is.EqualTo(code == 0 ? null : "Bearer"));
            Assert.That(answer.Text, Does.Not.Contain("0123456789"), "no key is said back");
        }
    }

    [TestCase("Bearer of-a-proxy-0123456789abcdef", ReadKey, 0)]
    [TestCase("Bearer " + ReadKey, "none-0123456789abcdef", 0)]
    [TestCase("Bearer of-a-proxy-0123456789abcdef", "none-0123456789abcdef", 1060)]
    public async Task One_that_does_not_fit_takes_nothing_from_one_in_the_other_header(
        string authorization, string key, int code)
    {
        var context = ApiHost.Request("GET", "/xcron/stats");
        context.Request.Headers.Authorization = authorization;
        context.Request.Headers["X-Api-Key"] = key;

        Assert.That((await _host.SendAsync(context)).Code, Is.EqualTo(code));
    }

    [TestCase(ReadKey, 1061)]
    [TestCase(WriteKey, 0)]
    [TestCase(AdminKey, 0)]
    public async Task A_role_may_do_what_the_ones_before_it_may(string key, int code)
    {
        var context = ApiHost.Request("POST", "/xcron/createTask", Create);
        context.Request.Headers["X-Api-Key"] = key;

        var answer = await _host.SendAsync(context);

        Assert.That(answer.Code, Is.EqualTo(code));
        Assert.That(answer.Status, Is.EqualTo(code == 0 ? 200 : 403));
        Assert.That(_host.Gateway.Submitted, Has.Count.EqualTo(code == 0 ? 1 : 0));
    }

    [Test]
    public async Task Without_keys_the_API_is_open()
    {
        var host = new ApiHost();

        Assert.That((await host.PostAsync("/xcron/createTask", Create)).Code, Is.Zero);
    }

    [Test]
    public async Task One_key_with_two_roles_has_the_greater()
    {
        var host = new ApiHost(keys: new ApiKeys([Hash("write", WriteKey), Hash("read", WriteKey)]));
        var context = ApiHost.Request("POST", "/xcron/createTask", Create);
        context.Request.Headers["X-Api-Key"] = WriteKey;

        Assert.That((await host.SendAsync(context)).Code, Is.Zero);
    }

    [Test]
    public void Every_call_needs_a_role_that_fits_what_it_does()
    {
        var host = new ApiHost();

        using (Assert.EnterMultipleScope())
        {
            foreach (var (call, method) in host.Endpoints.Calls)
            {
                var isWrite = method == "POST";
                var expected = call.Path.StartsWith("/xcron/", StringComparison.Ordinal)
                    ? isWrite ? ApiRole.Write : ApiRole.Read
                    : ApiRole.None;
                var isChangeOfMembers = call.Path is "/xcron/addPeer" or "/xcron/removePeer" or "/xcron/transferLeader"
                    or "/xcron/import";
                Assert.That(call.Role, Is.EqualTo(isChangeOfMembers ? ApiRole.Admin : expected), call.Path);
            }
        }
    }

    [TestCase("read:sha256:", false)]
    [TestCase("owner:sha256:0000000000000000000000000000000000000000000000000000000000000000", false)]
    [TestCase("read:sha1:0000000000000000000000000000000000000000000000000000000000000000", false)]
    [TestCase("read:sha256:00000000000000000000000000000000000000000000000000000000000000", false)]
    [TestCase("read:sha256:g000000000000000000000000000000000000000000000000000000000000000", false)]
    [TestCase("sha256:0000000000000000000000000000000000000000000000000000000000000000", false)]
    [TestCase("read:sha256:0000000000000000000000000000000000000000000000000000000000000000", true)]
    [TestCase("admin:sha256:00000000000000000000000000000000000000000000000000000000000000AB", true)]
    public void An_entry_is_a_role_and_a_hash(string text, bool isGood)
    {
        Assert.That(ApiKeyHash.TryParse(text, out var hash), Is.EqualTo(isGood));
        Assert.That(hash?.ToString(), Is.EqualTo(isGood ? text.ToLowerInvariant() : null));
    }

    [Test]
    public void A_hash_is_the_SHA_256_of_the_key()
    {
        var hex = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ReadKey)));

        Assert.That(ApiKeyHash.Hash(ReadKey), Is.EqualTo($"sha256:{hex}"));
        string[] fresh = [ApiKeyHash.NewKey(), ApiKeyHash.NewKey()];
        Assert.That(fresh, Is.Unique.And.All.Length.AtLeast(64));
    }

    private static ApiKeyHash Hash(string role, string key) =>
        ApiKeyHash.TryParse($"{role}:{ApiKeyHash.Hash(key)}", out var hash)
            ? hash
            : throw new ArgumentException("no hash", nameof(key));
}

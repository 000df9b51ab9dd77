package spot.test;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.AbstractTokenizerFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * What the integration-test zip lacks and our tests need: GET / and HEAD /, and the three token filters and one
 * tokenizer that the .security index asks for (without them no native user, role or API key can be made).
 * build.sh fills in the marked places, whose shape differs between Elasticsearch versions.
 */
public class ElasticsearchShim extends Plugin implements ActionPlugin, AnalysisPlugin {
    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        Map<String, AnalysisProvider<TokenFilterFactory>> filters = new HashMap<>();
        filters.put("pattern_capture", AnalysisPlugin.requiresAnalysisSettings((i, e, n, s) -> {
            Pattern[] patterns = s.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
            boolean keep = s.getAsBoolean("preserve_original", true);
            return filter(n, s, in -> new PatternCaptureGroupTokenFilter(in, keep, patterns));
        }));
        filters.put("unique", (i, e, n, s) -> filter(n, s, Unique::new));
        filters.put("lowercase", (i, e, n, s) -> filter(n, s, LowerCaseFilter::new));
        return filters;
    }

    private interface Wrap { TokenStream on(TokenStream in); }

    private static TokenFilterFactory filter(String n, Settings s, Wrap w) {
        return new AbstractTokenFilterFactory(/*FILTER_ARGS*/) {
            @Override
            public TokenStream create(TokenStream in) { return w.on(in); }
        };
    }

    private static final class Unique extends TokenFilter {
        private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
        private final Set<String> seen = new HashSet<>();

        Unique(TokenStream in) { super(in); }

        @Override
        public boolean incrementToken() throws IOException {
            while (input.incrementToken()) if (seen.add(term.toString())) return true;
            return false;
        }

        @Override
        public void reset() throws IOException { super.reset(); seen.clear(); }
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        return Map.of("uax_url_email", (i, e, n, s) -> new AbstractTokenizerFactory(/*TOKENIZER_ARGS*/) {
            @Override
            public Tokenizer create() { return new UAX29URLEmailTokenizer(); }
        });
    }

    @Override
    public Collection<RestHandler> getRestHandlers(/*REST_PARAMS*/ Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
        return List.of(new Root());
    }

    private static final class Root extends BaseRestHandler {
        @Override
        public String getName() { return "spot_test_shim_root"; }

        @Override
        public List<Route> routes() { return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/")); }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            return channel -> {
                XContentBuilder b = channel.newBuilder().startObject();
                b.field("name", client.getLocalNodeId()).field("cluster_name", "test");
                b.startObject("version").field("number", Build.current().version()).field("build_flavor", "default");
                b.field("lucene_version", org.apache.lucene.util.Version.LATEST.toString()).endObject();
                b.field("tagline", "You Know, for Search").endObject();
                channel.sendResponse(new RestResponse(RestStatus.OK, b));
            };
        }
    }
}
